import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { Problem } from '../core/problem.ts';

/** The JSON Schema (2020-12) that the records of a collection have to fit. */
export type Shape = { readonly schema: object; check(record: object): void };

/** Octets of a schema at most: compiling one costs time and memory. */
const largestSchema = 64 * 1024;

/** Compiles a schema. Throws `unprocessable` when it is none, or reaches outside of itself. */
export function shapeOf(schema: object): Shape {
  if (JSON.stringify(schema).length > largestSchema) throw new Problem('too-large', `A schema has ${largestSchema} octets at most.`);
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: true });
  formats.default(ajv);
  let validate: ValidateFunction;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    throw new Problem('unprocessable', 'That is no JSON Schema.', { detail: (error as Error).message, pointer: '' });
  }
  if ((validate as { $async?: boolean }).$async === true)
    throw new Problem('unprocessable', 'A schema may not be asynchronous.', { pointer: '/$async' });
  return { schema, check: (record) => complain(validate, record) };
}

function complain(validate: ValidateFunction, record: object): void {
  if (validate(record)) return;
  const errors = (validate.errors ?? [])
    .slice(0, 20)
    .map(({ instancePath, message }) => ({ pointer: instancePath, detail: message ?? 'does not fit' }));
  const [first] = errors;
  throw new Problem('unprocessable', 'The record does not fit the schema of its collection.', {
    ...(first !== undefined && {
      detail: `${first.pointer === '' ? 'the record' : first.pointer} ${first.detail}`,
      pointer: first.pointer,
    }),
    facts: { errors },
  });
}
