/** A run of ended flows: collects their records, and gives them as Parquet in order of time. */
import { batchRows, type FlowBatch } from '../batch.ts';
import { field64, recordDoubles, recordWords } from '../meter/flow-record.ts';
import { RecordBatch } from '../meter/record-batch.ts';
import { flowBatchOf } from '../meter/record-columns.ts';
import { RecordRows } from './record-rows.ts';
import type { RunConstants } from './run-encode.ts';
import { encodeMetered } from './run-metered.ts';
import { sortByTime } from './run-order.ts';
import { runRows } from './run-size.ts';
import { type RunPart, RunSurvey } from './run-survey.ts';

/** A part of a run as the octets of a file. */
export type EncodedPart = { part: RunPart; octets: Uint8Array[] };

const batchWords = batchRows * recordWords;
const mostWords = runRows.addressed * recordWords;

export class RecordRun {
  /** Records so far. */
  count = 0;
  #words = new Int32Array(0);

  /** Whether another batch may find no room. */
  get isFull(): boolean {
    return this.count * recordWords + batchWords > mostWords;
  }

  /** Adds the records of a batch, which are copied. */
  add(batch: RecordBatch): void {
    const at = this.count * recordWords;
    const length = batch.count * recordWords;
    if (at + length > this.#words.length) {
      const grown = new Int32Array(Math.min(mostWords, Math.max(batchWords, this.#words.length * 2)));
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words.set(batch.words.subarray(0, length), at);
    this.count += batch.count;
  }

  /** Forgets all records; their memory stays for the next. */
  clear(): void {
    this.count = 0;
  }

  /**
   * The records as files, a day each; undefined where there is one that is not for our encoder. `firstOrdinal` is the place of the first record in
   * the import.
   */
  encode(firstOrdinal: number, constants: RunConstants): EncodedPart[] | undefined {
    const records = { words: this.#words, doubles: new Float64Array(this.#words.buffer) };
    const { parts, places } = this.#survey(records.doubles, firstOrdinal);
    const rowsAt = (chosen: Uint32Array) => new RecordRows(records, chosen, firstOrdinal);
    const encoded: EncodedPart[] = [];
    let first = 0;
    for (const part of parts) {
      const octets = encodeMetered(rowsAt, places.subarray(first, first + part.rows), constants);
      if (octets === undefined) return undefined;
      encoded.push({ part, octets });
      first += part.rows;
    }
    return encoded;
  }

  /** The days that the records are of, and their places in order of time; those of one second stay as they came. */
  #survey(doubles: Float64Array, firstOrdinal: number): { parts: RunPart[]; places: Uint32Array } {
    const survey = new RunSurvey();
    const places = new Uint32Array(this.count);
    const times = new Float64Array(this.count);
    for (let place = 0; place < this.count; place++) {
      const time = doubles[place * recordDoubles + field64.start]!;
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
      const words = this.#words.slice(from * recordWords, (from + count) * recordWords);
      batches.push(flowBatchOf(new RecordBatch(words.buffer, count), firstOrdinal + from));
    }
    return batches;
  }
}
