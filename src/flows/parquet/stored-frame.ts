/** Octets that are as good as random as a frame of zstd that only carries them (RFC 8878, section 3.1.1): a copy in place of a search. */
import { Octets } from './octets.ts';

/** The most octets of a block. */
const blockOctets = 131_072;
/** Magic number; a frame in one segment whose size stands in four octets. */
const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0);

/** The frame of up to 2^32 - 1 octets, at least one; it is in `memory` until that is used again. */
export const storedFrame = (octets: Uint8Array, memory = new Octets()): Uint8Array => {
  const blocks = Math.ceil(octets.length / blockOctets);
  const length = head.length + 4 + blocks * 3 + octets.length;
  memory.clear().reserve(length);
  const frame = memory.bytes.subarray(0, length);
  frame.set(head);
  for (let i = 0; i < 4; i++) frame[head.length + i] = octets.length >>> (8 * i);
  let at = head.length + 4;
  for (let from = 0; from < octets.length; from += blockOctets) {
    const block = octets.subarray(from, from + blockOctets);
    const isLast = from + blockOctets >= octets.length ? 1 : 0;
    frame[at] = (block.length << 3) | isLast;
    frame[at + 1] = block.length >> 5;
    frame[at + 2] = block.length >> 13;
    frame.set(block, at + 3);
    at += 3 + block.length;
  }
  return frame;
};
