/**
 * The log's records: each is one batch of writes that were made durable together.
 *
 *   magic:u32  checksum:u32  length:u32  count:u32  sequence:f64  time:f64  changes…
 *   change     space:u8  change (tree/codec)
 *
 * Little-endian; `length` counts the octets of the changes, and a record begins at a multiple of eight. The checksum (CRC-32 over all
 * that follows it, begun with the store's own salt) tells a whole record from a torn one; the sequence, which rises by one, tells it
 * from what an older round left in a recycled file. Without the salt a value could hold octets that pass for a record.
 */
import { crc32 } from 'node:zlib';
import type { Change } from '../tree/change.ts';
import { changeLength, changeLengthAt, indexOfEncoded, readChange, writeChange } from '../tree/codec.ts';

const magic = 0x314b4557; // "WEK1"
const head = 32;
const alignment = 8;

/** Octets before the changes. */
export const recordHead = head;

/** Greatest length that a record can tell. */
const longest = 2 ** 31;

/** A change and the space that it happened in. */
export type Entry = { ordinal: number; change: Change };

/** What stands in the head of a record. */
export type RecordHead = { sequence: number; count: number; length: number };

/** The place behind a record of so many octets of changes. */
export const recordEnd = (at: number, length: number): number => at + Math.ceil((head + length) / alignment) * alignment;

/** A batch as bytes, with room for the alignment behind it; they lie in a buffer of their own. */
export function encodeRecord(entries: readonly Entry[], sequence: number, time: number, salt: number): Buffer<ArrayBuffer> {
  let length = 0;
  for (const { change } of entries) length += 1 + changeLength(change);
  const bytes = Buffer.allocUnsafeSlow(recordEnd(0, length));
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt32LE(entries.length, 12);
  bytes.writeDoubleLE(sequence, 16);
  bytes.writeDoubleLE(time, 24);
  let at = head;
  for (const { ordinal, change } of entries) {
    bytes[at] = ordinal;
    at = writeChange(change, bytes, at + 1);
  }
  bytes.fill(0, at);
  bytes.writeUInt32LE(crc32(bytes.subarray(8, at), salt), 4);
  return bytes;
}

/** The head at an offset, when there is one; its record may still be torn. */
export function headAt(bytes: Buffer, at: number): RecordHead | undefined {
  if (at + head > bytes.length || bytes.readUInt32LE(at) !== magic) return undefined;
  const length = bytes.readUInt32LE(at + 8);
  return length > longest ? undefined : { length, count: bytes.readUInt32LE(at + 12), sequence: bytes.readDoubleLE(at + 16) };
}

/** Whether the record at an offset is whole. */
export function isWhole(bytes: Buffer, at: number, { length }: RecordHead, salt: number): boolean {
  const end = at + head + length;
  return end <= bytes.length && bytes.readUInt32LE(at + 4) === crc32(bytes.subarray(at + 8, end), salt);
}

/** The changes of the record that begins at an offset, as bytes. */
export const changesOf = (bytes: Buffer, start: number): Buffer =>
  bytes.subarray(start + head, start + head + bytes.readUInt32LE(start + 8));

/** Those of one space: the same bytes when there are no others. */
export function changesOfSpace(changes: Buffer, ordinal: number): Buffer {
  const parts: Buffer[] = [];
  let isWhole = true;
  for (let at = 0; at < changes.length; ) {
    const next = at + 1 + changeLengthAt(changes, at + 1);
    if (changes[at] === ordinal) parts.push(changes.subarray(at, next));
    else isWhole = false;
    at = next;
  }
  return isWhole ? changes : Buffer.concat(parts);
}

/** Index of the first of some changes. */
export const firstIndexOf = (changes: Buffer): number => indexOfEncoded(changes, 1);

/** Changes as they stand in a record, with their spaces. Values are views of the bytes. */
function entriesIn(changes: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < changes.length; at += 1 + changeLengthAt(changes, at + 1)) {
    entries.push({ ordinal: changes[at] ?? 0, change: readChange(changes, at + 1) });
  }
  return entries;
}

/** The same without the spaces. */
export const changesIn = (changes: Buffer): Change[] => entriesIn(changes).map(({ change }) => change);

/** The changes of the record that begins at an offset, with their spaces. */
export const entriesAt = (bytes: Buffer, start = 0): Entry[] => entriesIn(changesOf(bytes, start));
