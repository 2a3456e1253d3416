/** The loops that see every LANL line and every value of its columns, as WebAssembly: the sources beside this file, compiled by `scripts/kernel/build.ts` (ADR 14). */
import { readFileSync } from 'node:fs';
import { memoryOctets } from './coding-layout.ts';

export type LanlKernel = {
  /** See read-lines.ts. */
  readLines(from: number, end: number, rows: number, isBiflow: boolean, withId: boolean): number;
  /** See read-texts.ts. */
  findSlot(text: number): number;
  readSerial(at: number, end: number, isPort: boolean): number;
  /** See code-values.ts. */
  codeTexts(from: number, count: number): void;
  codeNumbers(from: number, count: number, octets: number): void;
  /** See write-pages.ts. */
  packCodes(count: number, width: number, to: number): number;
  writeRising(count: number): number;
  writeTexts(): number;
  /** See pack-texts.ts. */
  surveyTexts(): number;
  sortTexts(rows: number): number;
  countOctets(most: number): void;
  packTexts(plain: number, least: number): number;
};

const code = new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url)));
const pages = Math.ceil(memoryOctets / 65_536);

/** Memory for a kernel: zero pages that the system commits when they are first touched. */
export const lanlMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });

/** A kernel over a memory, which one of another thread may have as well: they read and write their own parts of it. */
export const startLanlKernel = (memory: WebAssembly.Memory): LanlKernel =>
  new WebAssembly.Instance(code, { env: { memory } }).exports as unknown as LanlKernel;
