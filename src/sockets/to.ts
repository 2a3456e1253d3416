/** Where frames go, in words: `stdout`, `file:PATH`, `records:COLLECTION`, `tickets`, `flows`, `echo`, `discard`. */
import { resolve } from 'node:path';
import { Problem } from '../core/problem.ts';

export type To =
  | { kind: 'stdout' | 'tickets' | 'discard' }
  | { kind: 'file'; path: string }
  | { kind: 'records'; collection: string }
  | { kind: 'flows'; name: string };

/** Reads the words; throws `invalid`. `name` is the listener's: flows are stored under it unless they are told another. */
export function parseTo(text: string, name: string): To {
  const colon = text.indexOf(':');
  const kind = colon === -1 ? text : text.slice(0, colon);
  const argument = colon === -1 ? '' : text.slice(colon + 1);
  if ((kind === 'stdout' || kind === 'tickets' || kind === 'discard') && argument === '') return { kind };
  if (kind === 'file' && argument !== '') return { kind, path: resolve(argument) };
  if (kind === 'records' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(argument)) return { kind, collection: argument };
  if (kind === 'flows') return { kind, name: argument === '' ? `sockets/${name}` : argument };
  throw new Problem('invalid', `Frames cannot go to ${JSON.stringify(text)}.`, {
    detail: 'expected stdout, file:PATH, records:COLLECTION, tickets, flows or discard',
    hint: '--to records:syslog',
    pointer: 'to',
  });
}
