import type { Random } from './random.ts';

/** Octets at which readers change their mind: ends of ranges, white space, quotes, brackets, operators, broken UTF-8. */
const edges = [0, 1, 9, 10, 13, 32, 34, 38, 39, 40, 41, 44, 45, 46, 47, 48, 57, 58, 60, 61, 91, 92, 93, 123, 125, 127, 128, 0xc2, 0xff];
const longestEdit = 64;

/** A copy of `original` with one to eight edits: octets flipped, overwritten, put in, taken out, repeated, or the rest cut off. */
export function mutate(original: Uint8Array, random: Random): Uint8Array {
  let octets = Uint8Array.from(original);
  for (let count = 1 + random.below(8); count > 0 && octets.length > 0; count--) octets = edit(octets, random);
  return octets;
}

function edit(octets: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(octets.length);
  const length = 1 + random.below(Math.min(longestEdit, octets.length - at));
  const [before, part, after] = [octets.subarray(0, at), octets.subarray(at, at + length), octets.subarray(at + length)];
  switch (random.below(7)) {
    case 0:
      octets[at] = (octets[at] as number) ^ (1 << random.below(8));
      return octets;
    case 1:
      octets[at] = random.pick(edges);
      return octets;
    case 2:
      return join(before, Uint8Array.of(random.pick(edges)), octets.subarray(at));
    case 3:
      return join(before, after);
    case 4:
      return join(before, part, part, after);
    case 5:
      // What stood there goes to the end: order is what many readers rely on.
      return join(before, after, part);
    default:
      return join(before, part);
  }
}

const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.concat(parts));
