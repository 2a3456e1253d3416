/** Which rows a query is about, as the store takes it: bounds of time, a compiled filter, and when the rows arrived. */
import type { Parameter } from './duck.ts';
import type { TimeBounds } from './slices.ts';
import type { Snapshot } from './store.ts';

export type Selection = {
  /** Both inclusive; whole seconds. */
  bounds: TimeBounds;
  /** A condition with `?` for each parameter; empty for none. */
  condition: string;
  parameters: Parameter[];
  /** Whether the condition says itself which layers of tunnels it wants; sums are of the outermost otherwise. */
  choosesLayers?: boolean;
  /** Only rows that arrived later than this, in microseconds since 1970. */
  ingestedAfterUs: bigint | undefined;
};

/** Bounds that hold no flow back. */
export const anyTime: TimeBounds = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** A WHERE clause and what is bound to it. */
export type Where = { sql: string; parameters: Parameter[] };

/**
 * The condition of a selection, restricted to a part of its bounds. A row has arrived when its import was committed,
 * not when it was parsed: so "arrived later" asks for the imports that ended later.
 */
export const whereOf = async (snapshot: Snapshot, selection: Selection, part: TimeBounds = selection.bounds): Promise<Where> => {
  const conditions: string[] = [];
  const parameters: Parameter[] = [];
  const ask = (condition: string, ...values: Parameter[]): void => {
    conditions.push(condition);
    parameters.push(...values);
  };
  if (part.from > anyTime.from) ask('time >= ?', part.from);
  if (part.to < anyTime.to) ask('time <= ?', part.to);
  if (selection.condition !== '') ask(`(${selection.condition})`, ...selection.parameters);
  if (selection.ingestedAfterUs !== undefined) {
    ask(await arrivedAfter(snapshot, selection.ingestedAfterUs));
  }
  return { sql: `WHERE ${conditions.join(' AND ') || 'true'}`, parameters };
};

/** Sources that ended later; of one that is added to again and again, only the ids that were taken since. */
const arrivedAfter = async ({ connection }: Snapshot, moment: bigint): Promise<string> => {
  const sources = await connection.rows(
    `SELECT id, count(*) FILTER (a.ended_at_us <= ?) AS earlier, max(last_id) FILTER (a.ended_at_us <= ?) AS before
     FROM sources s LEFT JOIN arrivals a ON a.source_id = s.id WHERE s.ended_at_us > ? GROUP BY id`,
    [moment, moment, moment],
  );
  const whole = sources.filter(({ earlier }) => Number(earlier) === 0).map(({ id }) => Number(id));
  const parts = sources
    .filter(({ earlier }) => Number(earlier) > 0)
    .map(({ id, before }) => `(source_id = ${Number(id)} AND id > ${Number(before)})`);
  if (whole.length > 0) parts.push(`source_id IN (${whole.join(', ')})`);
  return parts.length === 0 ? 'false' : `(${parts.join(' OR ')})`;
};
