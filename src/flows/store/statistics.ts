/** Questions about many flows at once: sums, series and pairs (top lists: `ranking.ts`). Counters are of both directions. */
import { type Grouping, groupingOf } from '../grouping.ts';
import type { Row } from './duck.ts';
import { dayOfTime } from './paths.ts';
import { relation } from './relation.ts';
import { anyTime, type Selection, type Where, whereOf } from './selection.ts';
import { filesWithin } from './slices.ts';
import type { Snapshot, Store } from './store.ts';

/** What is summed up and ranked by. */
export const metrics = ['bytes', 'packets', 'flows'] as const;
export type Metric = (typeof metrics)[number];

/**
 * A counter as it is summed up. Signed, since DuckDB adds numbers of 64 bits without sign as 128 bits, which takes twice as
 * long. No network reaches 2^63: a counter that claims to is left out, and the summary says how many were.
 */
const signed = (counter: string): string => `TRY_CAST(${counter} AS BIGINT)`;
const sumOf = (counter: string): string => `coalesce(sum(${signed(counter)}), 0)`;
const leftOut = ['packet_count', 'rev_packet_count', 'byte_count', 'rev_byte_count']
  .map((counter) => `count(*) FILTER (WHERE ${counter} >= 9223372036854775808)`)
  .join(' + ');

/** Flows, packets and octets of both directions. */
export const sums = [
  'count(*) AS flows',
  `${sumOf('packet_count')} + ${sumOf('rev_packet_count')} AS packets`,
  `${sumOf('byte_count')} + ${sumOf('rev_byte_count')} AS bytes`,
].join(', ');

/**
 * Inner flows of tunnels repeat what the outer ones carry: they count in sums only where somebody asks for them, or where the packets were
 * metered without what carried them (`--tunnels inner`).
 */
const outerOnly = '(coalesce(tunnel_depth, 0) = 0 OR parent_session_id IS NULL)';

export const withSnapshot = async <T>(store: Store, signal: AbortSignal, work: (snapshot: Snapshot) => Promise<T>): Promise<T> => {
  const snapshot = await store.snapshot();
  const interrupt = (): void => snapshot.connection.interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await work(snapshot);
  } finally {
    signal.removeEventListener('abort', interrupt);
    snapshot.close();
  }
};

/** What a question reads: all canonical columns of what is chosen, and whether files without addresses are among it. */
export type Source = { from: string; where: Where; hasNames: boolean };

/** Bounds are asked of rows only where something that is read reaches beyond them. */
export const sourceOf = async (store: Store, snapshot: Snapshot, selection: Selection): Promise<Source> => {
  const { bounds } = selection;
  const files = filesWithin(snapshot.files, bounds);
  const extents = snapshot.hot === undefined ? files : [...files, snapshot.hot];
  const isWithin = extents.every((extent) => extent.minTime >= bounds.from && extent.maxTime <= bounds.to);
  const where = await whereOf(snapshot, selection, isWithin ? anyTime : bounds);
  return {
    from: relation(store.paths.flows, files, snapshot.hot !== undefined),
    where: selection.choosesLayers ? where : { ...where, sql: `${where.sql} AND ${outerOnly}` },
    hasNames: files.some((file) => file.shape === 'named'),
  };
};

/** Sums of a selection. */
export const summarise = (store: Store, selection: Selection, signal: AbortSignal): Promise<Row> =>
  withSnapshot(store, signal, async (snapshot) => {
    const { from, where } = await sourceOf(store, snapshot, selection);
    const ends = `CAST(min(start_time) AS VARCHAR) AS first_start, CAST(max(coalesce(end_time, start_time)) AS VARCHAR) AS last_end`;
    const row = await snapshot.connection.row(
      `SELECT ${sums}, min(time) AS first, max(time + duration) AS last, ${ends}, count(DISTINCT source_id) AS sources,
         count(DISTINCT ${dayOfTime}) AS days, CAST(${leftOut} AS BIGINT) AS left_out FROM ${from} ${where.sql}`,
      where.parameters,
    );
    return row as Row;
  });

/** One group of all flows, with the key null. */
const whole: Grouping = { ends: [['NULL']], keyOf: () => null };

/** The values of a grouping as columns `k0`, `k1` ... */
export const named = (values: readonly string[]): string => values.map((value, at) => `${value} AS k${at}`).join(', ');

/** A row of sums with its key in place of the values it was grouped by. */
export const keyed = (row: Row, values: readonly string[], keyOf: Grouping['keyOf']): Row => {
  const { flows = 0, packets = 0, bytes = 0 } = row;
  const key = keyOf(values.map((_, at) => row[`k${at}`] ?? null));
  return { ...(row.time === undefined ? {} : { time: row.time }), key, flows, packets, bytes };
};

/** Sums for each bucket of time, and for each key where one is named. Buckets without flows are left out. */
export const series = (
  store: Store,
  query: Selection & { bucketSeconds: number; by: string | undefined; limit: number },
  signal: AbortSignal,
) =>
  withSnapshot(store, signal, async (snapshot) => {
    const grouping = query.by === undefined ? undefined : groupingOf(query.by);
    const { ends, keyOf } = grouping?.byText ?? grouping ?? whole;
    const [values = []] = ends;
    const { from, where } = await sourceOf(store, snapshot, query);
    const bucket = `CAST(floor(time / ${query.bucketSeconds}) AS BIGINT) * ${query.bucketSeconds}`;
    const rows = await snapshot.connection.rows(
      `SELECT ${bucket} AS time, ${named(values)}, ${sums} FROM ${from} ${where.sql} GROUP BY ALL ORDER BY ALL LIMIT ${query.limit}`,
      where.parameters,
    );
    return rows.map((row) => keyed(row, values, keyOf));
  });

type Four = [string, string, string, string];

/**
 * Who talks with whom, both directions joined: what a router exported as two flows and what was metered as one look the
 * same here. `paired` tells whether anything came back.
 */
export const pairs = (store: Store, query: Selection & { limit: number; metric: Metric }, signal: AbortSignal) =>
  withSnapshot(store, signal, async (snapshot) => {
    const { from, where } = await sourceOf(store, snapshot, query);
    const isForward = 'src_comp <= dst_comp';
    const side = (counter: string, back: string): string => `CASE WHEN ${isForward} THEN ${counter} ELSE coalesce(${back}, 0) END`;
    const other = (counter: string, back: string): string => `CASE WHEN ${isForward} THEN coalesce(${back}, 0) ELSE ${counter} END`;
    const total = (expression: string, name: string): string => `sum(${expression}) AS ${name}`;
    const [packets, back, octets, octetsBack] = ['packet_count', 'rev_packet_count', 'byte_count', 'rev_byte_count'].map(signed) as Four;
    const rows = await snapshot.connection.rows(
      `SELECT least(src_comp, dst_comp) AS a, greatest(src_comp, dst_comp) AS b,
         ${total(side('1', 'CASE WHEN rev_packet_count > 0 THEN 1 END'), 'flows_ab')}, ${total(other('1', 'CASE WHEN rev_packet_count > 0 THEN 1 END'), 'flows_ba')},
         ${total(side(packets, back), 'packets_ab')}, ${total(other(packets, back), 'packets_ba')},
         ${total(side(octets, octetsBack), 'bytes_ab')}, ${total(other(octets, octetsBack), 'bytes_ba')},
         ${sums}, min(time) AS first, max(time + duration) AS last
       FROM ${from} ${where.sql} GROUP BY 1, 2 ORDER BY ${query.metric} DESC, a, b LIMIT ${query.limit}`,
      where.parameters,
    );
    return rows.map((row) => ({ ...row, paired: Number(row.flows_ab) > 0 && Number(row.flows_ba) > 0 }));
  });
