/** The request that the words of a command line ask for. */

import { type Field, objectOf, parametersOf, readBytes } from '../cli/fields.ts';
import { Problem } from '../core/problem.ts';
import type { Outgoing } from './exchange.ts';
import { type Headers, parseHeaders } from './header.ts';
import type { Target } from './target.ts';

/** What a command line says about what is sent. */
export type RequestWords = {
  header?: string[] | undefined;
  /** Text, `@FILE`, or `-` or `@-` for standard input. */
  body?: string | undefined;
  field?: string[] | undefined;
  typedField?: string[] | undefined;
};

/** The request to a target. Fields make a JSON body, and parameters where there is none (GET). Throws Problem('invalid'). */
export function requestOf(method: string, target: Pick<Target, 'url' | 'headers'>, words: RequestWords): Outgoing {
  const own = parseHeaders(words.header ?? []);
  const headers: Headers = { ...target.headers, ...own };
  const fields = fieldsOf(words);
  if (words.body !== undefined && fields.length > 0) throw new Problem('invalid', 'a body is given by --body or by fields, not by both');
  if (method === 'GET') return { method, url: withParameters(target.url, fields), headers };
  if (fields.length > 0) return withJson(method, target.url, headers, Buffer.from(JSON.stringify(objectOf(fields))));
  if (words.body === undefined) return { method, url: target.url, headers };
  const body = bodyBytes(words.body);
  if (headers['content-type'] !== undefined) return { method, url: target.url, headers, body };
  if (isJsonText(body)) return withJson(method, target.url, headers, body);
  throw new Problem('invalid', 'the body is no JSON, and nothing says what else it is', { hint: "-H 'Content-Type: text/plain'" });
}

const fieldsOf = ({ field = [], typedField = [] }: RequestWords): Field[] => [
  ...field.map((word) => ({ word, isTyped: false })),
  ...typedField.map((word) => ({ word, isTyped: true })),
];

function withParameters(url: URL, fields: readonly Field[]): URL {
  const extended = new URL(url);
  for (const [name, value] of parametersOf(fields)) extended.searchParams.append(name, value);
  return extended;
}

const withJson = (method: string, url: URL, headers: Headers, body: Uint8Array): Outgoing => ({
  method,
  url,
  headers: { 'content-type': 'application/json', ...headers },
  body,
});

function bodyBytes(word: string): Buffer {
  if (word === '-') return readBytes('-');
  return word.startsWith('@') ? readBytes(word.slice(1)) : Buffer.from(word);
}

function isJsonText(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
