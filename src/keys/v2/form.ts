/** Parameters out of query strings and form bodies, with the faults that Go's net/http finds in them. */
import { BadEscape, quoteGo, unescapeForm } from './escape.ts';

/** The first value of each name, as binary strings. */
export type Form = ReadonlyMap<string, string>;

/** No parameters at all. */
const emptyForm: Form = new Map();

/** The largest body that is read as a form (Go's limit). */
export const formLimit = 10 * 1024 * 1024;

/**
 * Reads the body's parameters and then the query's; only the first value of a name counts. Answers a sentence when
 * something is malformed. `body` is undefined for methods whose body means nothing.
 */
export function readForm(query: string, body?: { type: string | undefined; text: string }): Form | string {
  if (query === '' && body === undefined) return emptyForm;
  const form = new Map<string, string>();
  const bodyFault = body === undefined ? undefined : readBody(form, body.type, body.text);
  const queryFault = readPairs(form, query);
  return bodyFault ?? queryFault ?? form;
}

const urlencoded = 'application/x-www-form-urlencoded';

function readBody(form: Map<string, string>, contentType: string | undefined, text: string): string | undefined {
  if (contentType === undefined || contentType === '') return undefined;
  const { type, fault } = contentType === urlencoded ? { type: urlencoded, fault: undefined } : mediaType(contentType);
  if (type !== urlencoded) return fault;
  if (text.length > formLimit) return fault ?? 'http: POST too large';
  return fault ?? readPairs(form, text);
}

function readPairs(form: Map<string, string>, text: string): string | undefined {
  let fault: string | undefined;
  let hasSemicolon = false;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('&', from);
    const pair = end === -1 ? text.slice(from) : text.slice(from, end);
    from += pair.length + 1;
    if (pair === '') continue;
    if (pair.includes(';')) hasSemicolon = true;
    else {
      const found = readPair(form, pair);
      fault ??= found;
    }
  }
  // The last semicolon outweighs the first bad escape: so Go has it.
  return hasSemicolon ? 'invalid semicolon separator in query' : fault;
}

function readPair(form: Map<string, string>, pair: string): string | undefined {
  const equals = pair.indexOf('=');
  const name = unescapeForm(equals === -1 ? pair : pair.slice(0, equals));
  if (name instanceof BadEscape) return badEscape(name);
  const value = equals === -1 ? '' : unescapeForm(pair.slice(equals + 1));
  if (value instanceof BadEscape) return badEscape(value);
  if (!form.has(name)) form.set(name, value);
  return undefined;
}

const badEscape = ({ text }: BadEscape): string => `invalid URL escape ${quoteGo(text)}`;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;

/** The media type in lower case, and what is wrong with the header (Go's mime.ParseMediaType); type is empty when it is unreadable. */
export function mediaType(header: string): { type: string; fault?: string | undefined } {
  const semicolon = header.indexOf(';');
  const type = (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const fault = typeFault(type);
  if (fault !== undefined) return { type: '', fault };
  let rest = semicolon === -1 ? '' : header.slice(semicolon);
  const known = new Map<string, string>();
  while (rest.trim() !== '') {
    const match = /^\s*;\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\\r\n]|\\.)*)")/.exec(rest);
    if (match === null) return rest.trim() === ';' ? { type } : { type, fault: 'mime: invalid media parameter' };
    const name = (match[1] ?? '').toLowerCase();
    const value = match[2] ?? match[3] ?? '';
    if (known.has(name) && known.get(name) !== value) return { type: '', fault: 'mime: duplicate parameter name' };
    known.set(name, value);
    rest = rest.slice(match[0].length);
  }
  return { type };
}

function typeFault(type: string): string | undefined {
  const main = token.exec(type)?.[0] ?? '';
  if (main === '') return 'mime: no media type';
  if (main.length === type.length) return undefined;
  if (type[main.length] !== '/') return 'mime: expected slash after first token';
  const sub = token.exec(type.slice(main.length + 1))?.[0] ?? '';
  if (sub === '') return 'mime: expected token after slash';
  return main.length + 1 + sub.length === type.length ? undefined : 'mime: unexpected content after media subtype';
}
