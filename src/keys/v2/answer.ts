/** Answers before they are bytes: what every transport is given to write. */
import type { OpenWatch } from './watch.ts';

/** An answer of the keys, success or error. The text is a binary string. */
export type KeysAnswer = {
  kind: 'keys';
  status: number;
  text: string;
  /** For `X-Etcd-Index`. */
  index: number;
  isError: boolean;
  /** It says more than etcd would; a header tells. */
  isExact?: boolean;
};

/** Any other answer. */
export type PageAnswer = {
  kind: 'page';
  status: number;
  /** Names and values in turn, without length, date and CORS. */
  headers: readonly string[];
  text: string;
  /** Go's server says this much before any handler: no CORS, no length, and the connection ends with it. */
  isBare?: boolean;
};

export type WatchAnswer = { kind: 'watch'; watch: OpenWatch };

export type Answer = KeysAnswer | PageAnswer | WatchAnswer;

/** A request, as far as the answers need it. Texts are binary strings. */
export type Call = {
  method: string;
  /** The raw request target. */
  target: string;
  contentType: string | undefined;
  /** The body of a PUT or POST. */
  body: string;
  /** Base of this server's own URLs as its client knows it: `http://127.0.0.1:2379`. */
  self: string;
};

const plainText = ['Content-Type', 'text/plain; charset=utf-8'];
const plainTextExactly = [...plainText, 'X-Content-Type-Options', 'nosniff'];
const json = ['Content-Type', 'application/json'];

/** A JSON page. */
export const jsonPage = (text: string, status = 200, headers: readonly string[] = []): PageAnswer => ({
  kind: 'page',
  status,
  headers: [...json, ...headers],
  text,
});

/** A page of plain text. */
export const textPage = (text: string): PageAnswer => ({ kind: 'page', status: 200, headers: plainText, text });

/** A refusal in plain text, as Go's http.Error writes it. */
export const refusal = (status: number, text: string, headers: readonly string[] = []): PageAnswer => ({
  kind: 'page',
  status,
  headers: [...headers, ...plainTextExactly],
  text: `${text}\n`,
});

export const notFound = (): PageAnswer => refusal(404, '404 page not found');

export const notAllowed = (allow: string): PageAnswer => refusal(405, 'Method Not Allowed', ['Allow', allow]);

export const malformed = (): PageAnswer => ({ kind: 'page', status: 400, headers: plainText, text: '400 Bad Request', isBare: true });

/** The cleaned path is where the client shall ask; a page for those that show it. */
export function moved(method: string, location: string): PageAnswer {
  const isShown = method === 'GET' || method === 'HEAD';
  const escaped = location.replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16)}`);
  const headers = ['Location', escaped, ...(isShown ? ['Content-Type', 'text/html; charset=utf-8'] : [])];
  const href = location.replace(/[&<>"']/g, (mark) => htmlEscapes[mark] ?? mark);
  return { kind: 'page', status: 301, headers, text: method === 'GET' ? `<a href="${href}">Moved Permanently</a>.\n\n` : '' };
}

const htmlEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
