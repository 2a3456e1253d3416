/** Chooses which flows end early when the table is full. */
import { field, field64, meta, recordDoubles, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';

/**
 * So many records are looked at, and an eighth of them ended: the search costs eight records for each flow that goes, and
 * in a table of up to so many flows those that were silent longest are found exactly.
 */
const scanRecords = 4096;

export class Eviction {
  readonly #table: FlowTable;
  readonly #last = new Float64Array(scanRecords);
  /** Where the next search begins. */
  #hand = 0;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** Hands the flows that were silent longest among the next records to `end`; false where there was none to end. */
  makeRoom(end: (record: number) => void): boolean {
    const { used } = this.#table;
    const scan = Math.min(scanRecords, used);
    const first = this.#hand;
    this.#hand = (first + scan) % used;
    let count = 0;
    for (let i = 0; i < scan; i++) {
      const record = (first + i) % used;
      if (this.#isFlow(record)) this.#last[count++] = this.#lastOf(record);
    }
    if (count === 0) return false;
    let quota = ((count - 1) >> 3) + 1;
    const oldest = this.#last.subarray(0, count).sort()[quota - 1]!;
    for (let i = 0; i < scan && quota > 0; i++) {
      const record = (first + i) % used;
      if (!this.#isFlow(record) || this.#lastOf(record) > oldest) continue;
      end(record);
      quota--;
    }
    return true;
  }

  /** Seconds of the last packet: a double keeps them to a quarter of a microsecond, which is enough to compare. */
  #lastOf(record: number): number {
    const { words, doubles } = this.#table;
    return doubles[record * recordDoubles + field64.last]! + words[record * recordWords + field.lastNanos]! / 1e9;
  }

  #isFlow(record: number): boolean {
    const { words } = this.#table;
    const word = record * recordWords;
    return (words[word + field.meta]! & meta.live) !== 0 && (words[word + field.state]! & state.provisional) === 0;
  }
}
