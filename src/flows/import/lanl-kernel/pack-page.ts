/**
 * The texts of a dictionary as a frame of zstd (RFC 8878) in which each octet has a prefix code and nothing is said to come again. In names and tokens
 * little does, so that zstd, which looks for it, takes four times as long to make it a tenth smaller.
 */
import { type i32, load8, load32, store8, store32, store64, toI32, toI64 } from '../../meter/kernel/words.ts';
import { blockOctets, frame, page, prefix } from './coding-layout.ts';

/** Counts the octets from the beginning of the page to `end`, all below 128. */
export function countOctets(end: i32): void {
  let at = page;
  while (at < end) {
    const count = prefix.counts + (load8(at) << 2);
    store32(count, load32(count) + 1);
    at += 1;
  }
}

/** Writes the codes of the octets before `end`, the last first, as a decoder takes them; answers where they end. */
export function packStream(from: i32, end: i32, to: i32): i32 {
  let held = 0n;
  let bits = 0;
  let out = to;
  let at = end;
  const add = (octet: i32): void => {
    const code = load32(prefix.codes + (octet << 2));
    held = held | (toI64(code & 0xffff) << toI64(bits));
    bits += code >>> 16;
  };
  const flush = (): void => {
    store64(out, held);
    out += bits >> 3;
    held = held >> toI64(bits & 56);
    bits = bits & 7;
  };
  while (at - from > 3) {
    at -= 4;
    const four = load32(at);
    add(four >>> 24);
    add((four >>> 16) & 255);
    add((four >>> 8) & 255);
    add(four & 255);
    flush();
  }
  while (at > from) {
    at -= 1;
    add(load8(at));
    flush();
  }
  // A 1 above the last bit tells where it is.
  store64(out, held | (1n << toI64(bits)));
  return out + 1;
}

/** One block at `to`, of literals in four streams and no sequences; answers where it ends. */
const packBlock = (from: i32, octets: i32, isFirst: i32, isLast: i32, to: i32): i32 => {
  // Behind the headers of the block and of its literals the tree, or nothing where it is that of the block before.
  let at = to + 8;
  if (isFirst !== 0) {
    let i = 0;
    while (i < prefix.treeOctets) {
      store8(at, load8(prefix.tree + i));
      at += 1;
      i += 1;
    }
  }
  const sizes = at;
  const part = (octets + 3) >> 2;
  at += 6;
  let stream = 0;
  while (stream < 4) {
    const begin = from + stream * part;
    const end = stream < 3 ? begin + part : from + octets;
    const next = packStream(begin, end, at);
    if (stream < 3) {
      store8(sizes + stream + stream, next - at);
      store8(sizes + stream + stream + 1, (next - at) >>> 8);
    }
    at = next;
    stream += 1;
  }
  const packed = at - to - 8;
  // Kind of literals (with a tree, or that of the last block), four streams with sizes of 18 bits, the sizes.
  const literals = toI64(isFirst !== 0 ? 2 : 3) | (3n << 2n) | (toI64(octets) << 4n) | (toI64(packed) << 22n);
  store8(at, 0); // no sequences
  at += 1;
  store32(to + 3, toI32(literals));
  store8(to + 7, toI32(literals >> 32n));
  const header = ((at - to - 3) << 3) | (2 << 1) | isLast;
  store8(to, header);
  store8(to + 1, header >>> 8);
  store8(to + 2, header >>> 16);
  return at;
};

/** The frame of what stands in the page up to `end`, at least a few octets, all below 128; answers where it ends. */
export function packPage(end: i32): i32 {
  // Magic number; one segment, whose size stands in four octets.
  store32(frame, 0xfd2f_b528);
  store8(frame + 4, 0xa0);
  store32(frame + 5, end - page);
  let to = frame + 9;
  let from = page;
  while (from < end) {
    let octets = end - from;
    // No block of a few octets at the end: four streams want at least six.
    if (octets > blockOctets + 256) octets = blockOctets;
    to = packBlock(from, octets, from === page ? 1 : 0, from + octets === end ? 1 : 0, to);
    from += octets;
  }
  return to;
}
