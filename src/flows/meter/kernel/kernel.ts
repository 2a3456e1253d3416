/**
 * The loops that see every packet, as WebAssembly: `scan.ts` and `count.ts`, compiled by `scripts/kernel/build.ts`. Alone they take a third of
 * what the same loops took as JavaScript; ADR 14 has the figures.
 */
import { readFileSync } from 'node:fs';

export type Kernel = {
  /** See scan.ts. */
  scan(from: number, end: number): number;
  /** See count.ts. */
  count(from: number, end: number): number;
  /** See expire.ts. */
  sweep(tick: number, slotStart: number, tickSeconds: number): number;
  endDue(from: number, to: number): number;
  /** See end.ts. */
  write(record: number, reason: number): void;
  end(record: number, reason: number): void;
  /** See columns.ts. */
  spread(count: number, place: number): void;
  survey(count: number): void;
  choose(count: number, bit: number): number;
  codeBits(places: number, count: number, at: number, shift: number, mask: number, plus: number): number;
  codeHalves(places: number, count: number, highAt: number, shift: number, mask: number, lowAt: number): number;
  codeWholes(places: number, count: number, at: number): number;
  codeDurations(places: number, count: number): number;
  codePorts(count: number, shift: number, isDestination: number): number;
  codeAddresses(count: number, firstAt: number, lastAt: number): number;
  writeEntries(size: number, width: number): void;
  /** See numbers.ts. */
  gatherWholes(places: number, count: number, at: number): void;
  gatherWords(places: number, count: number, at: number): void;
  gatherPlaces(places: number, count: number, first: number): void;
  gatherTimes(places: number, count: number, at: number, nanosAt: number, factor: number, isAll: number): void;
  gatherRemainders(rows: number): number;
  writePairs(places: number, count: number, highAt: number, lowAt: number): void;
  writeDifferences(count: number): number;
  /** See order.ts. */
  orderByTime(count: number): number;
  /** See names.ts. */
  writeAddresses(size: number): number;
  writePorts(size: number): number;
  pack(from: number, count: number, width: number, to: number): number;
};

const pageOctets = 65_536;
const code = new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url)));

/** Memory that the kernel can work in. It comes as zero pages that the system commits when they are first touched. */
export const kernelMemory = (octets: number): WebAssembly.Memory => {
  const pages = Math.ceil(octets / pageOctets);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
};

export const startKernel = (memory: WebAssembly.Memory): Kernel =>
  new WebAssembly.Instance(code, { env: { memory } }).exports as unknown as Kernel;
