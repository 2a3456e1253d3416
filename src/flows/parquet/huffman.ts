/**
 * Prefix codes of the octets 0 to 127 as zstd has them (RFC 8878, section 4.2.1): no code longer than eleven bits, and one for each octet, whether it
 * was counted or not, since what is counted is the beginning of what will be packed.
 */

export const symbols = 128;
export const mostBits = 11;
const whole = 1 << mostBits;

/** Lengths of the codes, which fill all there is: the shares of 2^-length sum up to 1. */
export const codeLengths = (counts: Uint32Array): Uint8Array => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Nobody gets less than the least share, so what is counted has the rest; rounded down, so that it fits.
  const rest = whole - symbols;
  const lengths = Uint8Array.from(counts, (count) => mostBits - Math.floor(Math.log2(1 + (count / Math.max(1, total)) * rest)));
  let room = lengths.reduce((left, length) => left - (whole >> length), whole);
  while (room > 0) {
    const shorter = bestToShorten(counts, lengths, room);
    room -= whole >> (lengths[shorter] as number);
    lengths[shorter]!--;
  }
  return lengths;
};

/** The octet that gains most from a bit less, for the room it takes: of those for which there is enough. */
const bestToShorten = (counts: Uint32Array, lengths: Uint8Array, room: number): number => {
  let best = -1;
  let most = -1;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length = lengths[symbol] as number;
    const gain = (counts[symbol] as number) << length;
    if (whole >> length <= room && length > 1 && gain > most) {
      best = symbol;
      most = gain;
    }
  }
  return best;
};

/** How a frame tells the lengths: four bits for each octet but the last, whose length follows from the others. */
export const describeTree = (lengths: Uint8Array): Uint8Array => {
  const longest = Math.max(...lengths);
  const weight = (symbol: number): number => (symbol < symbols - 1 ? longest + 1 - (lengths[symbol] as number) : 0);
  const pairs = Uint8Array.from({ length: symbols / 2 }, (_, at) => (weight(at * 2) << 4) | weight(at * 2 + 1));
  return Uint8Array.of(127 + symbols - 1, ...pairs);
};

/** The codes: bits in the lower half of a word, their number in the upper one. Longer codes come first, those of one length in order of the octets. */
export const codesOf = (lengths: Uint8Array): Uint32Array => {
  const codes = new Uint32Array(symbols);
  let at = 0;
  for (let length = mostBits; length > 0; length--) {
    for (let symbol = 0; symbol < symbols; symbol++) {
      if (lengths[symbol] !== length) continue;
      codes[symbol] = (at >> (mostBits - length)) | (length << 16);
      at += whole >> length;
    }
  }
  return codes;
};
