/** Makes frames: what goes before and behind a payload, which itself is not copied. */

import { backslash } from './escaped-decoder.ts';
import { frameProblem, tooLarge } from './fault.ts';
import type { DelimiterFraming, FixedFraming, Framing, LengthFraming } from './framing.ts';

/**
 * The pieces to write, in order, for one frame. Throws `frame.too_large`, `frame.wrong_size` (a fixed frame of another size) and
 * `frame.contains_delimiter` (where nothing escapes it): what would be read as something else is not sent.
 */
export function encodeFrame(framing: Framing, payload: Uint8Array): Uint8Array[] {
  switch (framing.kind) {
    case 'raw':
      return [payload];
    case 'fixed':
      return encodeFixed(framing, payload);
    case 'delimiter':
      return encodeDelimited(framing, payload);
    case 'length':
      return [encodeLength(framing, payload.length), payload];
  }
}

/** The length in front of a frame of so many bytes. */
export function encodeLength({ width, isLittle, isInclusive, max }: LengthFraming, length: number): Uint8Array {
  if (length > max) throw tooLarge(length, max);
  if (width === 'varint') return encodeVarint(length);
  const value = length + (isInclusive ? width : 0);
  if (value >= 2 ** (8 * width)) throw tooLarge(length, 2 ** (8 * width) - 1 - (isInclusive ? width : 0));
  const bytes = Buffer.alloc(width);
  if (isLittle) bytes.writeUIntLE(value, 0, width);
  else bytes.writeUIntBE(value, 0, width);
  return bytes;
}

function encodeVarint(length: number): Uint8Array {
  const bytes: number[] = [];
  let left = length;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return Uint8Array.from(bytes);
}

function encodeFixed({ size, partial }: FixedFraming, payload: Uint8Array): Uint8Array[] {
  if (payload.length === size || (partial === 'emit' && payload.length < size)) return [payload];
  throw frameProblem('frame.wrong_size', `A frame has ${size} bytes here, not ${payload.length}.`, { expected: size, got: payload.length });
}

function encodeDelimited({ delimiter, stripsCr, isEscaped, max }: DelimiterFraming, payload: Uint8Array): Uint8Array[] {
  if (payload.length > max) throw tooLarge(payload.length, max);
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (stripsCr && bytes.at(-1) === 13) throw frameProblem('frame.contains_delimiter', 'The last CR of this frame would be lost.');
  if (isEscaped) return [escaped(bytes, delimiter[0] as number), delimiter];
  // Looked for in both together: the end of a payload may begin the delimiter (`a\r` before `\r\r\n`).
  if (bytes.indexOf(delimiter) === -1 && !joinsEarly(bytes, delimiter)) return [payload, delimiter];
  throw frameProblem('frame.contains_delimiter', 'The frame has the delimiter in it.', { at: bytes.indexOf(delimiter) });
}

/** True when payload and delimiter together hold the delimiter before where it should be. */
function joinsEarly(payload: Buffer, delimiter: Uint8Array): boolean {
  if (delimiter.length === 1) return false;
  const tail = payload.subarray(Math.max(0, payload.length - delimiter.length + 1));
  return Buffer.concat([tail, delimiter]).indexOf(delimiter) < tail.length;
}

function escaped(payload: Buffer, delimiter: number): Uint8Array {
  const special = payload.reduce((count, byte) => count + (byte === delimiter || byte === backslash ? 1 : 0), 0);
  if (special === 0) return payload;
  const bytes = new Uint8Array(payload.length + special);
  let at = 0;
  for (const byte of payload) {
    if (byte === delimiter || byte === backslash) bytes[at++] = backslash;
    bytes[at++] = byte;
  }
  return bytes;
}
