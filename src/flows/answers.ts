/** Answers to questions about flows, in the shapes of the wire, for both doors: HTTP and a data directory at hand. */
import { type CursorValue, foreignCursor, readCursor } from '../core/paging.ts';
import { Problem } from '../core/problem.ts';
import type { ListQuery, PairsQuery, Selection, SeriesQuery, TopQuery } from './access.ts';
import type { Flows } from './flows.ts';
import { mostBuckets } from './grouping.ts';
import { readBucket, readFields, readMetric, readSelection, readStream } from './query.ts';
import { columns } from './schema.ts';
import type { Row } from './store/duck.ts';
import type { StreamQuery } from './store/stream-query.ts';

const shown = columns.map((column) => column.name);

/** Rows of a page as JSON text, whether more follow, and what the next page starts after. */
export type Page = { items: string; page: number; per_page: number; hasMore: boolean; cursor: CursorValue | undefined };

const newline = 10;

/** A page of flows in order; `page` counts from 1. */
export const listFlows = async (flows: Flows, query: ListQuery, signal?: AbortSignal): Promise<Page> => {
  const { page = 1, per_page: perPage = 100, cursor } = query;
  const fields = readFields(query.fields, shown);
  const keys = sortKeys.filter((name) => !fields.includes(name));
  const stream: StreamQuery = {
    ...readStream({ ...query, format: 'json' }, 'ndjson'),
    fields: [...fields, ...keys],
    limit: perPage + 1,
    offset: (page - 1) * perPage,
  };
  const text = await collect(flows, cursor === undefined ? stream : startAfter(stream, readCursor(cursor, 2)), signal);
  const lines = text
    .subarray(0, text.at(-1) === newline ? -1 : undefined)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const rows = lines.slice(0, perPage);
  const last = rows.at(-1);
  return {
    items: `[${rows.map((row) => withoutLast(row, keys.length)).join(',')}]`,
    page,
    per_page: perPage,
    hasMore: lines.length > perPage,
    cursor: last === undefined ? undefined : keysOf(last),
  };
};

/** What rows are ordered by; read for every page, and shown where it was asked for. */
const sortKeys = ['time', 'id'] as const;

/** Rows behind one of these keys: later, or as late and with a greater id; the other way round from the latest on. */
const startAfter = (query: StreamQuery, [time, id]: CursorValue): StreamQuery => {
  if (!Number.isSafeInteger(time) || !Number.isSafeInteger(id)) throw foreignCursor();
  const { from, to } = query.bounds;
  const isBack = query.direction === 'descending';
  const seen = `NOT (time = ? AND id ${isBack ? '>=' : '<='} ?)`;
  return {
    ...query,
    offset: 0,
    bounds: isBack ? { from, to: Math.min(to, Number(time)) } : { from: Math.max(from, Number(time)), to },
    condition: query.condition === '' ? seen : `(${query.condition}) AND ${seen}`,
    parameters: [...query.parameters, Number(time), Number(id)],
  };
};

/** The line without its last members, which are numbers. */
const withoutLast = (row: string, count: number): string => {
  let end = row.length - 1;
  for (let left = count; left > 0; left--) end = row.lastIndexOf(',', end - 1);
  return count === 0 ? row : `${row.slice(0, end)}}`;
};

const keysOf = (row: string): CursorValue => {
  const flow = JSON.parse(row) as Record<string, unknown>;
  return sortKeys.map((name) => Number(flow[name]));
};

const collect = async (flows: Flows, query: StreamQuery, signal: AbortSignal | undefined): Promise<Buffer> => {
  const parts: Buffer[] = [];
  await flows.store.stream(query, {
    signal,
    onBlock: (block, release) => {
      parts.push(Buffer.from(block));
      release();
    },
  });
  return Buffer.concat(parts);
};

/** One flow as JSON text; `not-found` when there is none. */
export const findFlow = async (flows: Flows, id: number, fields: string | undefined): Promise<string> => {
  const text = await flows.store.flow({ id, fields: readFields(fields, shown), bigint: 'number' });
  const [flow] = JSON.parse(text) as Record<string, unknown>[];
  if (flow !== undefined) return text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  throw new Problem('not-found', `there is no flow ${id}`, { hint: 'weir flows list shows what there is' });
};

/** Sums over all flows that are chosen. */
export const summariseFlows = async (flows: Flows, query: Selection, signal?: AbortSignal) => {
  const row = await flows.store.summary(readSelection(query), signal);
  const number = (name: string): number => Number(row[name] ?? 0);
  return {
    flows: number('flows'),
    packets: number('packets'),
    bytes: number('bytes'),
    first: row.first as number | null,
    last: row.last as number | null,
    first_time: isoOf(row.first_start),
    last_time: isoOf(row.last_end),
    sources: number('sources'),
    days: number('days'),
    left_out: number('left_out'),
  };
};

/** DuckDB's `2017-03-01 12:00:00.5` as ISO 8601. */
const isoOf = (value: Row[string] | undefined): string | null => (typeof value === 'string' ? `${value.replace(' ', 'T')}Z` : null);

const counters = (row: Row) => ({ flows: Number(row.flows), packets: Number(row.packets), bytes: Number(row.bytes) });

/** Which keys have most. */
export const rankFlows = async (flows: Flows, query: TopQuery, signal?: AbortSignal) => {
  const metric = readMetric(query.metric);
  const { items, total } = await flows.store.top({ ...readSelection(query), by: query.by, metric, limit: query.limit ?? 10 }, signal);
  const whole = Number(total[metric]);
  return {
    by: query.by,
    metric,
    items: items.map((row) => ({
      key: row.key as string | number | null,
      ...counters(row),
      share: whole === 0 ? 0 : Number(row[metric]) / whole,
    })),
    total: counters(total),
  };
};

/** Sums for each bucket of time. */
export const seriesOfFlows = async (flows: Flows, query: SeriesQuery, signal?: AbortSignal) => {
  const bucketSeconds = readBucket(query.bucket);
  const rows = await flows.store.series({ ...readSelection(query), bucketSeconds, by: query.by, limit: mostBuckets + 1 }, signal);
  if (rows.length > mostBuckets) {
    throw new Problem('invalid', `bucket: more than ${mostBuckets} buckets; choose wider ones or a shorter time`, { pointer: 'bucket' });
  }
  return {
    bucket_s: bucketSeconds,
    items: rows.map((row) => ({ time: Number(row.time), key: row.key as string | number | null, ...counters(row) })),
  };
};

/** Who talks with whom, both directions joined. */
export const pairFlows = async (flows: Flows, query: PairsQuery, signal?: AbortSignal) => {
  const rows = await flows.store.pairs({ ...readSelection(query), metric: readMetric(query.metric), limit: query.limit ?? 100 }, signal);
  const number = (row: Row, name: string): number => Number(row[name] ?? 0);
  return {
    items: rows.map((row) => ({
      a: String(row.a),
      b: String(row.b),
      flows_ab: number(row, 'flows_ab'),
      flows_ba: number(row, 'flows_ba'),
      packets_ab: number(row, 'packets_ab'),
      packets_ba: number(row, 'packets_ba'),
      bytes_ab: number(row, 'bytes_ab'),
      bytes_ba: number(row, 'bytes_ba'),
      first: number(row, 'first'),
      last: number(row, 'last'),
      paired: row.paired === true,
    })),
  };
};
