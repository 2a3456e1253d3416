/**
 * The loops over the values of sealed files as WebAssembly: `read-values.ts`, compiled by `scripts/kernel/build.ts` (ADR 14). Each thread has
 * one memory, which holds what is unpacked of the row groups that are being read; an address is the `byteOffset` of an array in it.
 */
import { readFileSync } from 'node:fs';

export type ValueKernel = {
  /** See read-values.ts. */
  unpack(from: number, bitOfFirst: number, width: number, count: number, to: number, last: number): number;
  addDeltas(
    from: number,
    bitOfFirst: number,
    width: number,
    count: number,
    to: number,
    step: number,
    low: number,
    least: number,
    high: number,
  ): number;
  readTexts(from: number, end: number, count: number, to: number): number;
  spreadTexts(from: number, lengths: number, count: number, to: number): number;
  gatherPairs(codes: number, entries: number, count: number, to: number): void;
  gatherTexts(codes: number, entries: number, count: number, to: number, ends: number, begin: number): number;
  addLengths(lengths: number, count: number, ends: number, begin: number): number;
  checkLengths(lengths: number, count: number, wanted: number): number;
};

const pageOctets = 65_536;
/**
 * A gigabyte of addresses, which no number of streams that the server lets in needs; pages are committed when they are first touched, 3 MB by a
 * stream of LANL rows. It never grows: that would take all arrays away.
 */
const pages = 16_384;

const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: false });
const code = new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url)));

export const valueKernel = new WebAssembly.Instance(code, { env: { memory } }).exports as unknown as ValueKernel;

/** Rows for which results have room at `results`. */
export const resultRows = 2048;

/** Where results lie until they are copied, which is at once: 16 octets for each row, and numbers of 32 bits. */
export const results = {
  octets: new Uint8Array(memory.buffer, 0, resultRows * 16),
  words: new Uint32Array(memory.buffer, 0, resultRows * 4),
  ends: new Int32Array(memory.buffer, resultRows * 16, resultRows),
} as const;

/** Memory is given out in units; a mark for each that is. The first has the results. */
const unitOctets = 1024 * 1024;
const taken = new Uint8Array((pages * pageOctets) / unitOctets).fill(1, 0, 1);

/** Takes memory of at least so many octets, of arbitrary content; undefined where there is none. */
export const takeSlab = (octets: number): Uint8Array<ArrayBuffer> | undefined => {
  const wanted = Math.ceil(octets / unitOctets);
  let found = 0;
  for (let unit = 0; unit < taken.length; unit++) {
    found = taken[unit] === 0 ? found + 1 : 0;
    if (found < wanted) continue;
    const first = unit + 1 - wanted;
    taken.fill(1, first, unit + 1);
    return new Uint8Array(memory.buffer, first * unitOctets, wanted * unitOctets);
  }
  return undefined;
};

/** Gives back what `takeSlab` gave. */
export const giveSlab = ({ byteOffset, byteLength }: Uint8Array): void => {
  taken.fill(0, byteOffset / unitOctets, (byteOffset + byteLength) / unitOctets);
};

/** Whether an array lies in the memory of the kernel. */
export const isInKernel = (array: Uint32Array): boolean => array.buffer === memory.buffer;
