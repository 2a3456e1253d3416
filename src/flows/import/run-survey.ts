/** What must be known of a run before it is written: whether its rows are in order of time, and which days they touch. */
import type { BatchColumn, FlowBatch } from '../batch.ts';

const daySeconds = 86_400;
/** A run that touches more days than this is left whole; the store takes it into its hot table. */
export const maxDays = 32;

/** Rows of one day within something that is being written, with their bounds; `day` is null where there are too many days. */
export type RunPart = { day: number | null; rows: number; min_time: number; max_time: number; min_id: number; max_id: number };

/** The day since 1970 of a time in seconds. */
export const dayOf = (time: number): number => Math.floor(time / daySeconds);

/** The whole number at a row of a 64-bit column; exact up to 2^53. */
export const longAt = (u32: Uint32Array, row: number): number => ((u32[row * 2 + 1] as number) | 0) * 4294967296 + (u32[row * 2] as number);

/** What is known of a run, row by row. */
export class RunSurvey {
  isSorted = true;
  readonly #days = new Map<number, RunPart>();
  #last = Number.NEGATIVE_INFINITY;
  #current: RunPart | undefined;
  #dayEnd = Number.NEGATIVE_INFINITY;
  #dayStart = Number.POSITIVE_INFINITY;

  add(time: number, id: number): void {
    if (time < this.#last) this.isSorted = false;
    this.#last = time;
    if (this.#current === undefined || time < this.#dayStart || time >= this.#dayEnd) {
      const day = dayOf(time);
      this.#dayStart = day * daySeconds;
      this.#dayEnd = this.#dayStart + daySeconds;
      this.#current = partOf(this.#days, day, time, id);
    }
    note(this.#current, time, id);
  }

  /** Adds rows of one day, in order, whose ids rise as well, by the first and the last of them. */
  addRising(first: { time: number; id: number }, last: { time: number; id: number }, rows: number): void {
    this.add(first.time, first.id);
    if (rows === 1) return;
    this.add(last.time, last.id);
    (this.#current as RunPart).rows += rows - 2;
  }

  /** The days, in their order; more than `most` become one part without a day. */
  parts(most = maxDays): RunPart[] {
    const parts = [...this.#days.values()].sort((a, b) => a.min_time - b.min_time);
    return parts.length > most ? [joined(parts)] : parts;
  }
}

/** Surveys the rows, whose ids rise, in one pass. More days than `most` become one part without a day. */
export const surveyRun = (batches: readonly FlowBatch[], most = maxDays): { parts: RunPart[]; isSorted: boolean } => {
  const survey = new RunSurvey();
  for (const batch of batches) {
    const { count } = batch;
    const times = batch.column('time').u32;
    const ids = batch.column('id').u32;
    const at = (row: number) => ({ time: longAt(times, row), id: longAt(ids, row) });
    const [first, last] = [at(0), at(count - 1)];
    const isOneDay = dayOf(first.time) === dayOf(last.time);
    if (isOneDay && isRising(times, count)) survey.addRising(first, last, count);
    else for (let row = 0; row < count; row++) survey.add(longAt(times, row), longAt(ids, row));
  }
  return { parts: survey.parts(most), isSorted: survey.isSorted };
};

/** Whether so many numbers of 64 bits do not fall, and have the same upper half. */
const isRising = (u32: Uint32Array, count: number): boolean => {
  const upper = u32[1];
  for (let at = 2; at < count * 2; at += 2) if (u32[at + 1] !== upper || u32[at]! < u32[at - 2]!) return false;
  return true;
};

const isNull = (validity: Uint8Array | undefined, row: number): boolean =>
  validity !== undefined && ((validity[row >> 3] as number) & (1 << (row & 7))) === 0;

/** Whether a time stamp of a batch of named data is no whole microsecond; such data has no third time stamp. */
export const hasSubMicroseconds = (batch: FlowBatch): boolean =>
  batch.shape === 'named' && (hasFineTimes(batch, 'start_time') || hasFineTimes(batch, 'end_time'));

const hasFineTimes = (batch: FlowBatch, name: string): boolean => {
  const { u32, validity } = batch.column(name);
  for (let row = 0; row < batch.count; row++) {
    if (isNull(validity, row)) continue;
    // 2^32 is 296 beyond a multiple of 1000; only whether the remainder is 0 counts, so its sign does not.
    const high = (u32[row * 2 + 1] as number) | 0;
    if ((high * 296 + (u32[row * 2] as number)) % 1000 !== 0) return true;
  }
  return false;
};

const partOf = (days: Map<number, RunPart>, day: number, time: number, id: number): RunPart => {
  const found = days.get(day);
  if (found !== undefined) return found;
  const part: RunPart = { day, rows: 0, min_time: time, max_time: time, min_id: id, max_id: id };
  days.set(day, part);
  return part;
};

const note = (part: RunPart, time: number, id: number): void => {
  part.rows++;
  if (time < part.min_time) part.min_time = time;
  if (time > part.max_time) part.max_time = time;
  if (id < part.min_id) part.min_id = id;
  if (id > part.max_id) part.max_id = id;
};

const joined = (parts: readonly RunPart[]): RunPart =>
  parts.reduce((whole, part) => ({
    day: null,
    rows: whole.rows + part.rows,
    min_time: Math.min(whole.min_time, part.min_time),
    max_time: Math.max(whole.max_time, part.max_time),
    min_id: Math.min(whole.min_id, part.min_id),
    max_id: Math.max(whole.max_id, part.max_id),
  }));

/** Whether any of the first `count` rows has a value. */
export const hasValues = ({ validity }: BatchColumn, count: number): boolean => {
  if (validity === undefined) return true;
  for (let i = 0, end = (count + 7) >> 3; i < end; i++) if (validity[i] !== 0) return true;
  return false;
};

/** Names of the columns in which at least one of the batches holds a value. */
export const carriedColumns = (batches: readonly FlowBatch[]): Set<string> =>
  new Set(batches.flatMap((batch) => batch.columns.filter((c) => hasValues(c, batch.count)).map((c) => c.column.name)));
