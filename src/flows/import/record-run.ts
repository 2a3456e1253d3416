/** A run of ended flows: collects their records, and gives them as Parquet in order of time. */
import { batchRows, type FlowBatch } from '../batch.ts';
import type { RecordBatch } from '../meter/record-batch.ts';
import { flowBatchOf } from '../meter/record-columns.ts';
import type { Octets } from '../parquet/octets.ts';
import { type EncodeGroup, encodeFile } from './metered-file.ts';
import { RecordGroup } from './record-group.ts';
import { RecordMemory } from './record-memory.ts';
import type { RunConstants } from './run-encode.ts';
import { runRows } from './run-size.ts';
import { dayOf, type RunPart, RunSurvey } from './run-survey.ts';

/** A part of a run as the octets of a file, and the memory in which they are. */
export type EncodedPart = { part: RunPart; octets: Uint8Array; memory: Octets };

export class RecordRun {
  /** Records so far. */
  count = 0;
  #memory: RecordMemory | undefined;

  /** Whether another batch may find no room. */
  get isFull(): boolean {
    return this.count + batchRows > runRows.addressed;
  }

  /** Adds the records of a batch, which are copied. */
  add(batch: RecordBatch): void {
    this.#memory ??= new RecordMemory();
    this.#memory.add(batch, this.count);
    this.count += batch.count;
  }

  /** Forgets all records; their memory stays for the next. */
  clear(): void {
    this.count = 0;
  }

  /**
   * The records as files, a day each, in memory that is asked for; undefined where there is one that is not for our encoder. `firstOrdinal` is the
   * place of the first record in the import.
   */
  encode(firstOrdinal: number, constants: RunConstants, takeMemory: () => Octets): EncodedPart[] | undefined {
    const records = this.#memory as RecordMemory;
    const places = records.placesByTime(this.count);
    const parts = this.#parts(records, firstOrdinal);
    const encodeGroup: EncodeGroup = (group, put) => new RecordGroup(records, group, firstOrdinal, constants).encode(put);
    const encoded: EncodedPart[] = [];
    let first = 0;
    for (const part of parts) {
      const memory = takeMemory();
      const octets = encodeFile(places.subarray(first, first + part.rows), memory, encodeGroup);
      if (octets === undefined) return undefined;
      encoded.push({ part, octets, memory });
      first += part.rows;
    }
    return encoded;
  }

  /** The days that the records are of, once their times have been looked at. */
  #parts({ least, most, times }: RecordMemory, firstOrdinal: number): RunPart[] {
    const survey = new RunSurvey();
    if (dayOf(least) === dayOf(most)) {
      survey.addRising({ time: least, id: firstOrdinal }, { time: most, id: firstOrdinal + this.count - 1 }, this.count);
    } else for (let place = 0; place < this.count; place++) survey.add(times[place]!, firstOrdinal + place);
    return survey.parts();
  }

  /** The same records as batches of rows. */
  batches(firstOrdinal: number): FlowBatch[] {
    const batches: FlowBatch[] = [];
    for (let from = 0; from < this.count; from += batchRows) {
      const count = Math.min(batchRows, this.count - from);
      batches.push(flowBatchOf((this.#memory as RecordMemory).batchFrom(from, count), firstOrdinal + from));
    }
    return batches;
  }
}
