/**
 * Recognises the requests that nearly all clients of the keys send, whole in one piece: a strict subset of HTTP/1.1, read
 * by a few searches. Whatever looks the least bit different is not judged here but left to Node's own server.
 */

import { forwarding } from './gate.ts';

/** A recognised request. */
export type QuickRequest = {
  method: string;
  target: string;
  contentType: string | undefined;
  body: string;
  /** Where the next request begins. */
  end: number;
};

const requestLine = /^(GET|PUT|POST|DELETE) (\/v2\/keys[!-~\x80-\xff]*) HTTP\/1\.1$/;
const headerLine = /^([A-Za-z-]+): *([ -~]*)$/;

/** The headers of a request that matter here; a client sends the same ones again and again. */
type Headers = { host: string; contentType: string | undefined; length: number };

export class QuickReader {
  readonly #isOpenTo: (host: string) => boolean;
  #lines = '';
  #headers: Headers | undefined;

  /** `isOpenTo` tells for which names of `Host` a request is let in without a further look. */
  constructor(isOpenTo: (host: string) => boolean) {
    this.#isOpenTo = isOpenTo;
  }

  /** The first request of a text; `partial` when only the rest of its body is missing, undefined when it is not of the simple kind. */
  read(text: string): QuickRequest | 'partial' | undefined {
    const lineEnd = text.indexOf('\r\n');
    const headEnd = text.indexOf('\r\n\r\n', lineEnd);
    if (headEnd === -1 || lineEnd === headEnd) return undefined;
    const line = requestLine.exec(text.slice(0, lineEnd));
    if (line === null) return undefined;
    const headers = this.#headersOf(text.slice(lineEnd + 2, headEnd));
    // Asked for each request: the first user may come while a connection is open.
    if (headers === undefined || !this.#isOpenTo(headers.host)) return undefined;
    const [, method = '', target = ''] = line;
    const bodyAt = headEnd + 4;
    const end = bodyAt + headers.length;
    if (headers.length > 0 && method === 'GET') return undefined;
    if (end > text.length) return 'partial';
    return { method, target, contentType: headers.contentType, body: text.slice(bodyAt, end), end };
  }

  #headersOf(lines: string): Headers | undefined {
    if (lines === this.#lines) return this.#headers;
    this.#lines = lines;
    this.#headers = this.#parse(lines);
    return this.#headers;
  }

  #parse(lines: string): Headers | undefined {
    const found: Headers = { host: '', contentType: undefined, length: 0 };
    const seen = new Set<string>();
    for (const line of lines.split('\r\n')) {
      const match = headerLine.exec(line);
      if (match === null) return undefined;
      const name = (match[1] ?? '').toLowerCase();
      const value = (match[2] ?? '').trimEnd();
      if (!this.#take(name, value, found) || (seen.has(name) && decisive.has(name))) return undefined;
      seen.add(name);
    }
    return seen.has('host') ? found : undefined;
  }

  /** False when the header makes this more than a simple request. */
  #take(name: string, value: string, found: Headers): boolean {
    switch (name) {
      case 'host':
        found.host = value;
        return true;
      case 'content-length':
        found.length = Number(value);
        return /^[0-9]{1,7}$/.test(value);
      case 'content-type':
        found.contentType = value;
        return true;
      case 'connection':
        return value.toLowerCase() === 'keep-alive';
      default:
        return !foreign.has(name) && !name.startsWith('sec-');
    }
  }
}

/** Headers that may stand there only once. */
const decisive = new Set(['host', 'content-length', 'content-type']);

/** Headers that ask for more than is done here, or show that a web page or a proxy sends them. */
const foreign = new Set<string>([
  ...forwarding,
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'origin',
  'authorization',
  'proxy-connection',
]);
