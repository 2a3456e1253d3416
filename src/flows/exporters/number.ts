/** Unsigned numbers of 1 to 8 octets, most significant first, as reduced-size encoding sends them (RFC 7011 section 6.2). */

/** The lower 32 bits. */
export const readLow = (view: DataView, at: number, length: number): number => {
  if (length >= 4) return view.getUint32(at + length - 4);
  if (length === 2) return view.getUint16(at);
  if (length === 1) return view.getUint8(at);
  return length === 3 ? (view.getUint16(at) << 8) | view.getUint8(at + 2) : 0;
};

/** The bits above them. */
export const readHigh = (view: DataView, at: number, length: number): number => {
  if (length <= 4) return 0;
  return length === 8 ? view.getUint32(at) : readLow(view, at, length - 4);
};

/** The whole number; above 2^53 it loses its last bits. */
export const readNumber = (view: DataView, at: number, length: number): number =>
  readHigh(view, at, length) * 4_294_967_296 + readLow(view, at, length);
