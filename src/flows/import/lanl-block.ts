/** The kernel's side of a LANL file: lines that are put into its memory, and rows that it reads from them into batches that lie there as well. */
import { copyOctets } from '../../core/copy-octets.ts';
import { type BatchColumn, batchRows, type FlowBatch } from '../batch.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { type LanlKernel, lanlMemory, startLanlKernel } from './lanl-kernel/kernel.ts';
import { input, inputOctets, reading } from './lanl-kernel/layout.ts';
import { LanlTexts } from './lanl-texts.ts';
import { longAt } from './run-survey.ts';

/** Octets of lines that it takes at once. */
export const mostOctets = inputOctets;

/** Seconds that no time and duration reach. */
const endless = 2n ** 63n;

export class LanlBlock {
  readonly texts: LanlTexts;
  readonly #isBiflow: boolean;
  readonly #withId: boolean;
  readonly #kernel: LanlKernel;
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;

  /** `lastSecond` is the last one in which a flow may end. */
  constructor(format: LanlFormat, lastSecond: number | undefined) {
    const memory = lanlMemory();
    const { buffer } = memory;
    const kernel = startLanlKernel(memory);
    this.#isBiflow = format === 'lanl-2017';
    this.#withId = format === 'lanl-2015-id';
    this.#kernel = kernel;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.texts = new LanlTexts(kernel, memory);
    new BigUint64Array(buffer)[reading.lastSecond / 8] = lastSecond === undefined ? endless : BigInt(lastSecond);
  }

  /** Takes up to `mostOctets` of whole lines in place of those that it had. */
  put(lines: Uint8Array): void {
    copyOctets(lines, this.#u8, input);
  }

  /**
   * Reads the lines from `from` to `to` into rows of the batch behind its last, as many as it has room for, until one is not plainly right.
   * Answers where it stands; the batch, one of its texts, does not count them yet. `time` is that of the row before, and `lines` are before it.
   */
  read(from: number, to: number, batch: FlowBatch, { time, lines }: { time: number; lines: number }): number {
    const u32 = this.#u32;
    if (batch.texts !== this.texts) throw new TypeError('this batch lies elsewhere');
    u32[reading.batch / 4] = (batch.columns[0] as BatchColumn).offset;
    u32[reading.line / 4] = lines;
    u32[reading.line / 4 + 1] = lines / 4294967296;
    u32[reading.row / 4] = batch.count;
    u32[reading.unordered / 4] = 0;
    u32[reading.time / 4] = time;
    u32[reading.time / 4 + 1] = time / 4294967296;
    let at = input + from;
    do {
      u32[reading.missingOctets / 4] = 0;
      at = this.#kernel.readLines(at, input + to, batchRows, this.#isBiflow, this.#withId);
    } while (this.#addMissing());
    return at - input;
  }

  /** Rows that the batch has with those read last. */
  get rows(): number {
    return this.#u32[reading.row / 4] as number;
  }

  /** Rows of those whose time lies before that of the row above. */
  get unordered(): number {
    return this.#u32[reading.unordered / 4] as number;
  }

  /** The time of the last row. */
  get time(): number {
    return longAt(this.#u32, reading.time / 8);
  }

  /** Adds the text that ended the reading; false where it was something else, or a text that is not plainly right. */
  #addMissing(): boolean {
    const u32 = this.#u32;
    const octets = u32[reading.missingOctets / 4] as number;
    const start = u32[reading.missing / 4] as number;
    return octets > 0 && this.texts.addMissing(this.#u8, start, start + octets, u32[reading.missingIsPort / 4] === 1);
  }
}
