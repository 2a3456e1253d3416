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
/** Pages are committed when they are first touched; a stream of LANL rows touches 3 MB. It never grows: that would take all arrays away. */
const pages = 2048;

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

const slabOctets = 1024 * 1024;
/** The first address that has not been given out yet, and regions that came back, by their size. */
let top = slabOctets;
const free = new Map<number, number[]>();

/** Takes memory of at least so many octets, of arbitrary content; undefined where there is none. */
export const takeSlab = (octets: number): Uint8Array<ArrayBuffer> | undefined => {
  const size = Math.ceil(octets / slabOctets) * slabOctets;
  const known = free.get(size)?.pop();
  if (known === undefined && top + size > pages * pageOctets) return undefined;
  const at = known ?? top;
  if (known === undefined) top += size;
  return new Uint8Array(memory.buffer, at, size);
};

/** Gives back what `takeSlab` gave. */
export const giveSlab = ({ byteOffset, byteLength }: Uint8Array): void => {
  const others = free.get(byteLength) ?? [];
  others.push(byteOffset);
  free.set(byteLength, others);
};

/** Whether an array lies in the memory of the kernel. */
export const isInKernel = (array: Uint32Array): boolean => array.buffer === memory.buffer;
