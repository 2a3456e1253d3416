/**
 * Copies octets to or from memory that threads share. `Uint8Array.set` copies such memory octet by octet where both sides do not begin alike in a
 * word, and word by word where they do: half a nanosecond and a tenth for each, where `Buffer.copy` takes a fortieth.
 */
export const copyOctets = (from: Uint8Array, to: Uint8Array, at: number): void => {
  Buffer.from(from.buffer).copy(to, at, from.byteOffset, from.byteOffset + from.length);
};
