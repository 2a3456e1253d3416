/** Reads OpenAPI descriptions (3.0 and 3.1, JSON or YAML) into the operations that the rules look at. */
import { Problem } from '../core/problem.ts';

export type Json = Record<string, unknown>;

/** One answer that an operation describes. */
export type DescribedAnswer = { status: string; mediaTypes: string[]; headers: string[]; schema: Json | undefined; hasLinks: boolean };

/** One operation of the API. */
export type Operation = {
  method: string;
  path: string;
  place: string;
  id: string;
  parameters: { name: string; in: string }[];
  hasBody: boolean;
  isSecured: boolean;
  answers: DescribedAnswer[];
};

export type Description = { title: string; operations: Operation[] };

const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'];

/** The value of JSON or YAML text. Throws Problem('invalid'). */
export async function parseDocument(text: string, name: string): Promise<unknown> {
  try {
    if (/^\s*[{[]/.test(text)) return JSON.parse(text) as unknown;
    const { parse } = await import('yaml'); // most descriptions are JSON
    return parse(text, { maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw new Problem('invalid', `${name} is neither JSON nor YAML.`, { detail: (error as Error).message, cause: error });
  }
}

/** True for what says that it is an OpenAPI description of version 3. */
export const isDescription = (value: unknown): value is Json =>
  isObject(value) && typeof value.openapi === 'string' && value.openapi.startsWith('3.') && isObject(value.paths ?? {});

/** The operations of a description; what is not as the specification has it is passed over. */
export function readDescription(document: Json): Description {
  const operations: Operation[] = [];
  for (const [path, item] of Object.entries(objectOf(document.paths))) {
    const shared = objectOf(resolve(document, item));
    for (const method of methods) {
      if (isObject(shared[method])) operations.push(readOperation(document, { path, method, item: shared, operation: shared[method] }));
    }
  }
  return { title: String(objectOf(document.info).title ?? 'an API'), operations };
}

type Place = { path: string; method: string; item: Json; operation: Json };

function readOperation(document: Json, { path, method, item, operation }: Place): Operation {
  const upper = method.toUpperCase();
  const parameters = [...listOf(item.parameters), ...listOf(operation.parameters)].map((one) => objectOf(resolve(document, one)));
  return {
    method: upper,
    path,
    place: `${upper} ${path}`,
    id: String(operation.operationId ?? ''),
    parameters: parameters.map((one) => ({ name: String(one.name), in: String(one.in) })),
    hasBody: operation.requestBody !== undefined,
    isSecured: listOf(operation.security ?? document.security).some((one) => Object.keys(objectOf(one)).length > 0),
    answers: Object.entries(objectOf(operation.responses)).map(([status, answer]) => readAnswer(document, status, answer)),
  };
}

function readAnswer(document: Json, status: string, value: unknown): DescribedAnswer {
  const answer = objectOf(resolve(document, value));
  const content = objectOf(answer.content);
  const json = Object.entries(content).find(([type]) => /[/+]json\b/.test(type))?.[1];
  const schema = resolve(document, objectOf(json).schema);
  return {
    status: status.toUpperCase(),
    mediaTypes: Object.keys(content),
    headers: Object.keys(objectOf(answer.headers)).map((name) => name.toLowerCase()),
    schema: isObject(schema) ? schema : undefined,
    hasLinks: Object.keys(objectOf(answer.links)).length > 0 || hasLinkMember(document, schema),
  };
}

/** Members by which media types with links have them: HAL, JSON:API, Siren, Collection+JSON, and plain ones. */
const linkMembers = ['links', '_links', '@controls', 'href', '_href', '@id'];

/** True when the schema of an answer names a member with links, in itself or in the items of its lists. */
function hasLinkMember(document: Json, value: unknown, depth = 0): boolean {
  const schema = objectOf(resolve(document, value));
  if (depth > 4) return false;
  const properties = objectOf(schema.properties);
  if (linkMembers.some((name) => name in properties)) return true;
  const inner = [...listOf(schema.allOf), ...listOf(schema.anyOf), ...listOf(schema.oneOf), schema.items];
  const lists = Object.values(properties).filter((property) => objectOf(resolve(document, property)).type === 'array');
  return [...inner, ...lists].some((part) => part !== undefined && hasLinkMember(document, part, depth + 1));
}

/** What a reference within the document points to, or the value itself; references in a circle end. */
export function resolve(document: Json, value: unknown): unknown {
  let at = value;
  for (let hops = 0; hops < 20; hops += 1) {
    const reference = isObject(at) ? at.$ref : undefined;
    if (typeof reference !== 'string' || !reference.startsWith('#/')) return at;
    at = reference
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((object, name) => (isObject(object) ? object[name] : undefined), document);
  }
  return undefined;
}

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
export const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
