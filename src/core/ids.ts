import { randomBytes } from 'node:crypto';

/** What a caller may send as `x-request-id`: short and harmless in a log line, a header and a shell. */
const saneRequestId = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives ids that are unique in this process and, through the random prefix, across processes: `k3v9x0qa-1z`. */
export function createIds(prefix: string = randomText(8)): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

/** The caller's request id when it is sane, otherwise a new one from `make`. */
export function acceptRequestId(offered: string | string[] | undefined, make: () => string): string {
  return typeof offered === 'string' && saneRequestId.test(offered) ? offered : make();
}

/** `length` random characters of 0-9 and a-v, five bits of randomness each. Unguessable from about 24 characters on. */
export function randomText(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += (byte & 31).toString(32);
  return text;
}
