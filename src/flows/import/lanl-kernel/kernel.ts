/** The loops that see every LANL line, as WebAssembly: `read-lines.ts`, compiled by `scripts/kernel/build.ts` (ADR 14). */
import { readFileSync } from 'node:fs';
import { memoryOctets } from './layout.ts';

export type LanlKernel = {
  /** See read-lines.ts. */
  readLines(from: number, end: number, rows: number, isBiflow: boolean, withId: boolean): number;
  findSlot(text: number): number;
  readSerial(at: number, end: number, isPort: boolean): number;
};

const code = new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url)));
const pages = Math.ceil(memoryOctets / 65_536);

/** A kernel over a memory of its own: zero pages that the system commits when they are first touched. */
export const startLanlKernel = (): { kernel: LanlKernel; buffer: SharedArrayBuffer } => {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new WebAssembly.Instance(code, { env: { memory } });
  return { kernel: exports as unknown as LanlKernel, buffer: memory.buffer };
};
