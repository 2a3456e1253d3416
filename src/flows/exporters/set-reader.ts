import type { Header } from './domain.ts';
import type { ExportRows } from './export-rows.ts';
import { takeOptions } from './options-records.ts';
import type { RowOrigin } from './record-run.ts';
import { RecordWalk } from './record-walk.ts';
import type { SampleRows } from './sample-rows.ts';
import type { Plan } from './template.ts';

/** What a set is read into, and where the times of its datagram stand: `header` is that of the datagram at hand. */
export type SetReaderDependencies = { rows: ExportRows; samples: SampleRows; header: Header };

/** Reads the records of a data set by the plan of its template: flows, sampled packets, options. Allocates nothing for a record. */
export class SetReader {
  /** Rises when options say something new. */
  revision = 0;
  readonly #rows: ExportRows;
  readonly #samples: SampleRows;
  readonly #header: Header;
  readonly #walks = new WeakMap<Plan, RecordWalk>();

  constructor({ rows, samples, header }: SetReaderDependencies) {
    this.#rows = rows;
    this.#samples = samples;
    this.#header = header;
  }

  /** Answers how many records there were; less than 0 where the set is broken, and that is not known. */
  read(view: DataView, at: number, end: number, plan: Plan, origin: RowOrigin): number {
    if (plan.least === 0) return 0;
    if (plan.size === 0) return this.#readVariable(view, at, end, plan, origin);
    const count = Math.floor((end - at) / plan.size);
    this.#readRecords(view, at, count, plan, plan.size, origin);
    return count;
  }

  #readVariable(view: DataView, at: number, end: number, plan: Plan, origin: RowOrigin): number {
    let walk = this.#walks.get(plan);
    if (walk === undefined) {
      walk = new RecordWalk(plan);
      this.#walks.set(plan, walk);
    }
    let count = 0;
    // What is shorter than any record is padding (RFC 7011 section 3.3.1); so are up to three zeros.
    while (end - at >= plan.least) {
      if (end - at < 4 && isZero(view, at, end)) break;
      const size = walk.next(view, at, end);
      if (size <= 0) return Number.NEGATIVE_INFINITY;
      this.#readRecords(view, at, 1, walk.plan, size, origin);
      count++;
      at += size;
    }
    return count;
  }

  #readRecords(view: DataView, at: number, count: number, plan: Plan, size: number, origin: RowOrigin): void {
    const { domain } = origin;
    const { counters } = domain;
    if (plan.kind === 'flow') {
      this.#rows.write(view, at, count, plan, size, this.#header, origin);
      counters.flows += count;
    } else if (plan.kind === 'options') {
      let isNew = false;
      for (let i = 0; i < count; i++) isNew = takeOptions(view, at + i * size, plan, domain) || isNew;
      if (isNew) this.revision++;
      counters.options += count;
    } else if (plan.kind === 'section') {
      for (let i = 0; i < count; i++) {
        if (this.#samples.addSection(view, at + i * size, plan, this.#header, origin)) counters.flows++;
        else counters.events++;
      }
    } else counters.events += count;
  }
}

const isZero = (view: DataView, at: number, end: number): boolean => {
  for (let i = at; i < end; i++) if (view.getUint8(i) !== 0) return false;
  return true;
};
