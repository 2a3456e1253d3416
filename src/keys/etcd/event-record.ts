/**
 * What one transaction did, as one value in the cluster: `version:u8  token:16 bytes  changes…` (each as tree/codec has it).
 * The token is the transaction's own: who lost the answer finds out by it whether the transaction was done.
 */
import { randomBytes } from 'node:crypto';
import type { Change } from '../tree/change.ts';
import { changeLength, changeLengthAt, readChange, writeChange } from '../tree/codec.ts';

const version = 1;
const tokenLength = 16;
const head = 1 + tokenLength;

/** Octets of a record without its changes. */
export const recordOverhead = head;

export const newToken = (): string => randomBytes(tokenLength).toString('latin1');

export function encodeRecord(token: string, changes: readonly Change[]): Buffer {
  const bytes = Buffer.allocUnsafe(changes.reduce((sum, change) => sum + changeLength(change), head));
  bytes[0] = version;
  bytes.write(token, 1, 'latin1');
  let at = head;
  for (const change of changes) at = writeChange(change, bytes, at);
  return bytes;
}

/** The token and the changes; their values are views of the bytes. */
export function decodeRecord(bytes: Buffer): { token: string; changes: Change[] } {
  if (bytes[0] !== version) throw new RangeError(`a record of events has version ${bytes[0]}, and this program knows ${version}`);
  const changes: Change[] = [];
  for (let at = head; at < bytes.length; at += changeLengthAt(bytes, at)) changes.push(readChange(bytes, at));
  return { token: bytes.toString('latin1', 1, head), changes };
}
