/**
 * Whole numbers as decimal text, written straight into octets. DuckDB hands 64-bit values over as two 32-bit words; a
 * BigInt for each would cost more than all the rest of a row. So a word is split by 10^4, each part is one load from a
 * table that holds its four digits as a 32-bit word, and a 64-bit value is first divided by 10^8 in limbs small enough
 * for a double to be exact.
 *
 * All functions return the position behind the text. They store four octets at a time, so up to three octets behind that
 * position may be overwritten: `digitsOctets` is the room they need.
 */

/** Room for any number: a sign, 20 digits, and three octets of overshoot. */
export const digitsOctets = 24;

/** The four digits of 0000 to 9999 as a little-endian word. */
const quads = new Int32Array(10000);
/** The digits of 0 to 9999 without leading zeros, left-aligned in a little-endian word, and their number. */
const leads = new Int32Array(10000);
const leadLengths = new Uint8Array(10000);
for (let n = 0; n < 10000; n++) {
  quads[n] = wordOf(String(n).padStart(4, '0'));
  leads[n] = wordOf(String(n));
  leadLengths[n] = String(n).length;
}
/** The two digits of 00 to 99 as a little-endian half word. */
const pairs = new Int16Array(100);
for (let n = 0; n < 100; n++) pairs[n] = wordOf(String(n).padStart(2, '0'));

function wordOf(digits: string): number {
  let word = 0;
  for (let i = 0; i < digits.length; i++) word |= digits.charCodeAt(i) << (8 * i);
  return word;
}

/** Writes exactly two digits of 0 to 99. */
export const writePair = (view: DataView, at: number, value: number): void => view.setInt16(at, pairs[value]!, true);

/** Writes exactly four digits of 0 to 9999. */
export const writeQuad = (view: DataView, at: number, value: number): void => view.setInt32(at, quads[value]!, true);

/** Writes exactly eight digits of 0 to 99 999 999. */
export const writeOctad = (view: DataView, at: number, value: number): void => {
  const high = (value / 10000) | 0;
  view.setInt32(at, quads[high]!, true);
  view.setInt32(at + 4, quads[value - high * 10000]!, true);
};

/** Writes 0 to 9999. */
export const writeLead = (view: DataView, at: number, value: number): number => {
  view.setInt32(at, leads[value]!, true);
  return at + leadLengths[value]!;
};

const writeBelow1e8 = (view: DataView, at: number, value: number): number => {
  if (value < 10000) return writeLead(view, at, value);
  const high = (value / 10000) | 0;
  const end = writeLead(view, at, high);
  view.setInt32(end, quads[value - high * 10000]!, true);
  return end + 4;
};

/** Writes 0 to 4 294 967 295. */
export const writeUnsigned32 = (view: DataView, at: number, value: number): number => {
  if (value < 100000000) return writeBelow1e8(view, at, value | 0);
  const high = (value / 100000000) | 0;
  const end = writeLead(view, at, high);
  writeOctad(view, end, (value - high * 100000000) | 0);
  return end + 8;
};

/** Writes the unsigned number of two 32-bit words. */
export const writeUnsigned64 = (view: DataView, at: number, low: number, high: number): number => {
  if (high === 0) return writeUnsigned32(view, at, low >>> 0);
  // Long division by 10^8 over a limb of 32 and two of 16 bits: remainders are below 10^8, so each dividend is below 2^43.
  const upper = high >>> 0;
  const q0 = Math.floor(upper / 1e8);
  const d1 = (upper - q0 * 1e8) * 65536 + (low >>> 16);
  const q1 = Math.floor(d1 / 1e8);
  const d2 = (d1 - q1 * 1e8) * 65536 + (low & 0xffff);
  const q2 = Math.floor(d2 / 1e8);
  const end = writeBelow1e16(view, at, (q0 * 65536 + q1) * 65536 + q2);
  writeOctad(view, end, d2 - q2 * 1e8);
  return end + 8;
};

const writeBelow1e16 = (view: DataView, at: number, value: number): number => {
  if (value < 1e8) return writeBelow1e8(view, at, value);
  const high = Math.floor(value / 1e8);
  const end = writeBelow1e8(view, at, high);
  writeOctad(view, end, value - high * 1e8);
  return end + 8;
};

/** Writes the signed number (two's complement) of two 32-bit words. */
export const writeSigned64 = (view: DataView, at: number, low: number, high: number): number => {
  if ((high | 0) >= 0) return writeUnsigned64(view, at, low, high);
  view.setInt8(at, 0x2d);
  return writeUnsigned64(view, at + 1, -low | 0, (low | 0) === 0 ? -high | 0 : ~high);
};
