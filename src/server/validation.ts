import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';

// A union reports each of its branches first and itself last, so the last error is the one to tell.
// Text has no types, so parameters are coerced ("5" is 5); a JSON body has types and is taken at its word.
const common = { allErrors: false, removeAdditional: false, useDefaults: true, strict: false, verbose: true } as const;
const forText = new Ajv2020({ ...common, coerceTypes: 'array' });
const forBodies = new Ajv2020({ ...common, coerceTypes: false });
for (const ajv of [forText, forBodies]) formats.default(ajv);

const places: Record<string, string> = { querystring: 'query parameter', params: 'path parameter', headers: 'header', body: 'member' };

/** Compiles the schemas of routes; what does not fit is a Problem that names the parameter, what was expected and what was got: `invalid`, or `unprocessable` for a body, which was well-formed. */
export const compileValidator: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  let validate: ValidateFunction | undefined;
  return (value: unknown) => {
    // At the first request: to compile those of all routes was a fifth of a start.
    validate ??= (httpPart === 'body' ? forBodies : forText).compile(schema);
    if (validate(value)) return { value };
    const problem = explain(validate.errors?.at(-1), httpPart ?? 'body');
    return { error: httpPart === 'body' ? unprocessable(problem) : problem };
  };
};

const unprocessable = (problem: Problem): Problem => Problem.revive({ ...problem.toMessage(), code: 'unprocessable' });

function explain(error: ErrorObject | undefined, part: string): Problem {
  if (error === undefined) return new Problem('invalid', `The ${part} does not fit its schema.`);
  const place = places[part] ?? 'member';
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') return unknownName(error, place);
  if (error.keyword === 'required') return missingName(error, place);
  const name = error.instancePath.slice(1).replaceAll('/', '.');
  const title = name === '' ? `The ${part} is not as expected.` : `The ${place} "${name}" is not as expected.`;
  const likely = typeof error.data === 'string' ? nearest(error.data, wordsOf(error)) : undefined;
  return new Problem('invalid', title, {
    detail: `expected ${expectation(error)}, got ${shown(error.data)}`,
    ...(likely !== undefined && { hint: `did you mean "${likely}"?` }),
    pointer: pointer(part, error.instancePath),
  });
}

function unknownName(error: ErrorObject, place: string): Problem {
  const { additionalProperty, unevaluatedProperty } = error.params as Record<string, string>;
  const name = additionalProperty ?? unevaluatedProperty ?? '';
  const known = Object.keys((error.parentSchema as { properties?: object })?.properties ?? {});
  const likely = nearest(name, known);
  return new Problem('invalid', `There is no ${place} "${clipped(name)}" here.`, {
    detail: known.length === 0 ? `this route takes no ${place}` : `expected one of ${known.join(', ')}`,
    ...(likely !== undefined && { hint: `did you mean "${likely}"?` }),
    pointer: place === 'member' ? `${error.instancePath}/${name}` : name,
  });
}

function missingName(error: ErrorObject, place: string): Problem {
  const name = String((error.params as { missingProperty?: string }).missingProperty);
  const schema = (error.parentSchema as { properties?: Record<string, { description?: string }> })?.properties?.[name];
  return new Problem('invalid', `The ${place} "${name}" is missing.`, {
    ...(schema?.description !== undefined && { detail: schema.description }),
    pointer: place === 'member' ? `${error.instancePath}/${name}` : name,
  });
}

/** The words that may stand here, where only some may. */
function wordsOf({ keyword, params, schema }: ErrorObject): string[] {
  const values: unknown[] =
    keyword === 'enum' ? params.allowedValues : keyword === 'anyOf' ? (schema as { const?: unknown }[]).map((branch) => branch.const) : [];
  return values.filter((value) => typeof value === 'string');
}

function expectation({ keyword, params, schema }: ErrorObject): string {
  switch (keyword) {
    case 'anyOf':
      return `one of ${(schema as { const?: unknown; type?: string }[]).map((branch) => String(branch.const ?? branch.type)).join(', ')}`;
    case 'type':
      return `a value of type ${String(params.type)}`;
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return shown(params.allowedValue);
    case 'pattern':
      return `text like ${String(schema)}`;
    case 'format':
      return `text in the form ${String(schema)}`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `a number ${String(params.comparison)} ${String(params.limit)}`;
    case 'minLength':
    case 'maxLength':
      return `text of at ${keyword === 'minLength' ? 'least' : 'most'} ${String(params.limit)} characters`;
    default:
      return `a value that fits "${keyword}" of its schema`;
  }
}

const pointer = (part: string, path: string): string => (part === 'body' ? path : path.slice(1));
const shown = (value: unknown): string => clipped(JSON.stringify(value) ?? 'nothing');
const clipped = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
