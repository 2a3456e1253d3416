/** Octets that are as good as random as a frame of zstd that only carries them (RFC 8878, section 3.1.1): a copy in place of a search. */

/** The most octets of a block. */
const blockOctets = 131_072;
/** Magic number; a frame in one segment whose size stands in four octets. */
const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0);

/** The frame of up to 2^32 - 1 octets, at least one. */
export const storedFrame = (octets: Uint8Array): Uint8Array => {
  const blocks = Math.ceil(octets.length / blockOctets);
  const frame = new Uint8Array(head.length + 4 + blocks * 3 + octets.length);
  const view = new DataView(frame.buffer);
  frame.set(head);
  view.setUint32(head.length, octets.length, true);
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
