/** A run of ended flows: collects their records, and gives them as Parquet in order of time. */
import { batchRows, type FlowBatch } from '../batch.ts';
import { field64 } from '../meter/flow-record.ts';
import type { RecordBatch } from '../meter/record-batch.ts';
import { flowBatchOf } from '../meter/record-columns.ts';
import type { Octets } from '../parquet/octets.ts';
import { type EncodeGroup, encodeFile } from './metered-file.ts';
import { RecordGroup } from './record-group.ts';
import { RecordMemory } from './record-memory.ts';
import type { RunConstants } from './run-encode.ts';
import { sortByTime } from './run-order.ts';
import { runRows } from './run-size.ts';
import { type RunPart, RunSurvey } from './run-survey.ts';

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
    const { parts, places } = this.#survey(records.doublesOf(field64.start), firstOrdinal);
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

  /** The days that the records are of, and their places in order of time; those of one second stay as they came. */
  #survey(starts: Float64Array, firstOrdinal: number): { parts: RunPart[]; places: Uint32Array } {
    const survey = new RunSurvey();
    const places = new Uint32Array(this.count);
    const times = new Float64Array(this.count);
    for (let place = 0; place < this.count; place++) {
      const time = starts[place]!;
      survey.add(time, firstOrdinal + place);
      times[place] = time;
      places[place] = place;
    }
    const parts = survey.parts();
    if (survey.isSorted) return { parts, places };
    const first = Math.min(...parts.map((part) => part.min_time));
    const last = Math.max(...parts.map((part) => part.max_time));
    for (let place = 0; place < this.count; place++) times[place]! -= first;
    return { parts, places: sortByTime(places, times, last - first) };
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
