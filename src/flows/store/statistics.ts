/** Questions about many flows at once: sums, top lists, series and pairs. Counters are of both directions. */
import { groupingOf } from '../grouping.ts';
import type { Row } from './duck.ts';
import { dayOfTime } from './paths.ts';
import { relation } from './relation.ts';
import { type Selection, type Where, whereOf } from './selection.ts';
import { filesWithin } from './slices.ts';
import type { Snapshot, Store } from './store.ts';

/** What is summed up and ranked by. */
export const metrics = ['bytes', 'packets', 'flows'] as const;
export type Metric = (typeof metrics)[number];

const packets = 'packet_count + coalesce(rev_packet_count, 0)';
const octets = 'byte_count + coalesce(rev_byte_count, 0)';
const sums = `count(*) AS flows, CAST(coalesce(sum(${packets}), 0) AS UBIGINT) AS packets, CAST(coalesce(sum(${octets}), 0) AS UBIGINT) AS bytes`;
const totals = ['flows', 'packets', 'bytes'].map((name) => `CAST(sum(${name}) OVER () AS UBIGINT) AS all_${name}`).join(', ');
const noTotals = { all_flows: 0, all_packets: 0, all_bytes: 0 };
/** Inner flows of tunnels repeat what the outer ones carry: they never count in sums. */
const outerOnly = 'coalesce(tunnel_depth, 0) = 0';

const withSnapshot = async <T>(store: Store, signal: AbortSignal, work: (snapshot: Snapshot) => Promise<T>): Promise<T> => {
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

const source = async (store: Store, snapshot: Snapshot, selection: Selection): Promise<{ from: string } & Where> => {
  const files = filesWithin(snapshot.files, selection.bounds);
  const where = await whereOf(snapshot, selection);
  return { from: relation(store.paths.flows, files, snapshot.hot !== undefined), ...where };
};

/** Sums of a selection. */
export const summarise = (store: Store, selection: Selection, signal: AbortSignal): Promise<Row> =>
  withSnapshot(store, signal, async (snapshot) => {
    const { from, sql, parameters } = await source(store, snapshot, selection);
    const ends = `CAST(min(start_time) AS VARCHAR) AS first_start, CAST(max(coalesce(end_time, start_time)) AS VARCHAR) AS last_end`;
    const row = await snapshot.connection.row(
      `SELECT ${sums}, min(time) AS first, max(time + duration) AS last, ${ends}, count(DISTINCT source_id) AS sources,
         count(DISTINCT ${dayOfTime}) AS days FROM ${from} ${sql} AND ${outerOnly}`,
      parameters,
    );
    return row as Row;
  });

/** Which keys have most; `share` is of the selection's total in the metric, 0 to 1. */
export const rank = (store: Store, query: Selection & { by: string; metric: Metric; limit: number }, signal: AbortSignal) =>
  withSnapshot(store, signal, async (snapshot) => {
    const { keys } = groupingOf(query.by);
    const { from, sql, parameters } = await source(store, snapshot, query);
    const chosen = `(SELECT * FROM ${from} ${sql} AND ${outerOnly})`;
    const most = `ORDER BY ${query.metric} DESC, key LIMIT ${query.limit}`;
    if (keys.length === 1) {
      // Each flow is in one group, so that the groups add up to the total: one pass for both.
      const grouped = `SELECT ${keys[0]} AS key, ${sums} FROM ${chosen} GROUP BY 1`;
      const rows = await snapshot.connection.rows(`SELECT *, ${totals} FROM (${grouped}) ${most}`, parameters);
      const [{ all_flows: flows, all_packets: packetsOfAll, all_bytes: bytes } = noTotals] = rows;
      const items = rows.map(({ all_flows, all_packets, all_bytes, ...item }) => item);
      return { items, total: { flows, packets: packetsOfAll, bytes } as Row };
    }
    // A flow whose two ends are equal counts once for that key.
    const ends = keys.map(
      (key, at) =>
        `SELECT ${key} AS key, ${packets} AS p, ${octets} AS b FROM chosen ${at === 0 ? '' : `WHERE ${keys[0]} IS DISTINCT FROM ${key}`}`,
    );
    const grouped = `WITH chosen AS NOT MATERIALIZED ${chosen} SELECT key, count(*) AS flows, CAST(sum(p) AS UBIGINT) AS packets, CAST(sum(b) AS UBIGINT) AS bytes FROM (${ends.join(' UNION ALL ')}) GROUP BY 1`;
    const items = await snapshot.connection.rows(`SELECT * FROM (${grouped}) ${most}`, parameters);
    const total = (await snapshot.connection.row(`SELECT ${sums} FROM ${chosen}`, parameters)) as Row;
    return { items, total };
  });

/** Sums for each bucket of time, and for each key where one is named. Buckets without flows are left out. */
export const series = (
  store: Store,
  query: Selection & { bucketSeconds: number; by: string | undefined; limit: number },
  signal: AbortSignal,
) =>
  withSnapshot(store, signal, async (snapshot) => {
    const key = query.by === undefined ? 'NULL' : groupingOf(query.by).keys[0];
    const { from, sql, parameters } = await source(store, snapshot, query);
    const bucket = `CAST(floor(time / ${query.bucketSeconds}) AS BIGINT) * ${query.bucketSeconds}`;
    return await snapshot.connection.rows(
      `SELECT ${bucket} AS time, ${key} AS key, ${sums} FROM ${from} ${sql} AND ${outerOnly} GROUP BY ALL ORDER BY 1, 2 LIMIT ${query.limit}`,
      parameters,
    );
  });

/**
 * Who talks with whom, both directions joined: what a router exported as two flows and what was metered as one look the
 * same here. `paired` tells whether anything came back.
 */
export const pairs = (store: Store, query: Selection & { limit: number; metric: Metric }, signal: AbortSignal) =>
  withSnapshot(store, signal, async (snapshot) => {
    const { from, sql, parameters } = await source(store, snapshot, query);
    const isForward = 'src_comp <= dst_comp';
    const side = (counter: string, back: string): string => `CASE WHEN ${isForward} THEN ${counter} ELSE coalesce(${back}, 0) END`;
    const other = (counter: string, back: string): string => `CASE WHEN ${isForward} THEN coalesce(${back}, 0) ELSE ${counter} END`;
    const total = (expression: string, name: string): string => `CAST(sum(${expression}) AS UBIGINT) AS ${name}`;
    const rows = await snapshot.connection.rows(
      `SELECT least(src_comp, dst_comp) AS a, greatest(src_comp, dst_comp) AS b,
         ${total(side('1', 'CASE WHEN rev_packet_count > 0 THEN 1 END'), 'flows_ab')}, ${total(other('1', 'CASE WHEN rev_packet_count > 0 THEN 1 END'), 'flows_ba')},
         ${total(side('packet_count', 'rev_packet_count'), 'packets_ab')}, ${total(other('packet_count', 'rev_packet_count'), 'packets_ba')},
         ${total(side('byte_count', 'rev_byte_count'), 'bytes_ab')}, ${total(other('byte_count', 'rev_byte_count'), 'bytes_ba')},
         ${sums}, min(time) AS first, max(time + duration) AS last
       FROM ${from} ${sql} AND ${outerOnly} GROUP BY 1, 2 ORDER BY ${query.metric} DESC, a, b LIMIT ${query.limit}`,
      parameters,
    );
    return rows.map((row) => ({ ...row, paired: Number(row.flows_ab) > 0 && Number(row.flows_ba) > 0 }));
  });
