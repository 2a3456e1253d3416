/** The head of an HTTP/1.x message (RFC 9112): its first line and its fields, as they were sent. */
import type { FrameMark } from './stream-half.ts';

export type HttpHead = {
  readonly isRequest: boolean;
  readonly version: string;
  /** Of requests. */
  readonly method: string;
  readonly target: string;
  /** Of responses. */
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; the order is that of the message. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The packets in which the head began and ended. */
  readonly first: FrameMark;
  readonly last: FrameMark;
};

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,24}) ([^\x00-\x20\x7f]+) (HTTP\/1\.\d)$/;
const statusLine = /^(HTTP\/1\.\d) (\d{3})(?: (.*))?$/;

/** The head that `text` is (without the empty line that ends it), or undefined where it is none. */
export function parseHttpHead(text: string, first: FrameMark, last: FrameMark): HttpHead | undefined {
  const lines = text.split(/\r?\n/);
  const start = lines[0] as string;
  const request = requestLine.exec(start);
  const status = request === null ? statusLine.exec(start) : null;
  if (request === null && status === null) return undefined;
  return {
    isRequest: request !== null,
    version: (request?.[3] ?? status?.[1]) as string,
    method: request?.[1] ?? '',
    target: request?.[2] ?? '',
    status: Number(status?.[2] ?? 0),
    reason: status?.[3] ?? '',
    fields: lines.slice(1).flatMap(parseField),
    first,
    last,
  };
}

function parseField(line: string): [string, string][] {
  const colon = line.indexOf(':');
  return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]];
}

/** The first field of that name, or undefined. */
export const fieldOf = (head: HttpHead, name: string): string | undefined => head.fields.find(([known]) => known === name)?.[1];

/** How the octets behind a head are counted: so many, in chunks, or until the connection ends. */
export type BodyKind = number | 'chunked' | 'until-end' | 'tunnel';

/** RFC 9112 section 6.3. `request` is what a response answers, where that is known. */
export function bodyOf(head: HttpHead, request: HttpHead | undefined): BodyKind {
  if (!head.isRequest) {
    const { status } = head;
    if (status === 101 || (request?.method === 'CONNECT' && status >= 200 && status < 300)) return 'tunnel';
    if (request?.method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  }
  if (/\bchunked\s*$/i.test(fieldOf(head, 'transfer-encoding') ?? '')) return 'chunked';
  const length = fieldOf(head, 'content-length');
  if (length !== undefined && /^\d{1,15}$/.test(length)) return Number(length);
  return head.isRequest ? 0 : 'until-end';
}
