/** Which keys have most: one scan that groups, and for keys of both ends one for each end. */
import { type Grouping, groupingOf } from '../grouping.ts';
import type { Row } from './duck.ts';
import type { Selection } from './selection.ts';
import { keyed, type Metric, named, type Source, sourceOf, sums, withSnapshot } from './statistics.ts';
import type { Snapshot, Store } from './store.ts';

/** What is ranked, by what, and how many of the greatest are wanted. */
export type Ranking = Selection & { by: string; metric: Metric; limit: number };

/** The greatest first, each with its key, and the sums of the whole selection. */
export type Ranked = { items: Row[]; total: Row };

/** Ranks what is chosen by a metric; of equals the lesser key comes first. */
export const rank = (store: Store, query: Ranking, signal: AbortSignal): Promise<Ranked> =>
  withSnapshot(store, signal, async (snapshot) => {
    const grouping = groupingOf(query.by);
    const source = await sourceOf(store, snapshot, query);
    const { byText } = grouping;
    if (byText === undefined) return (await rankBy(grouping, source, snapshot, query)).ranked;
    if (!source.hasNames) {
      // Files say of no row beforehand whether it has an address, and nearly always all rows have.
      const { ranked, isWhole } = await rankBy(grouping, source, snapshot, query);
      if (isWhole) return ranked;
    }
    return (await rankBy(byText, source, snapshot, query)).ranked;
  });

/** `isWhole` tells that no value that was grouped by is NULL. */
type Outcome = { ranked: Ranked; isWhole: boolean };

const rankBy = async (grouping: Grouping, source: Source, snapshot: Snapshot, { metric, limit }: Ranking): Promise<Outcome> => {
  const { ends, keyOf } = grouping;
  const [values = []] = ends;
  const names = values.map((_, at) => `k${at}`);
  const hasNull = `bool_or(${names.map((name) => `${name} IS NULL`).join(' OR ')}) OVER () AS has_null`;
  const { parameters } = source.where;
  const grouped = ends.length === 1 ? groupedBy(values, source) : groupedByEnds(ends, source);
  const rows = await snapshot.connection.rows(
    `SELECT *, ${totals}, ${hasNull} FROM (${grouped}) ORDER BY ${[`${metric} DESC`, ...names].join(', ')} LIMIT ${limit}`,
    ends.flatMap(() => parameters),
  );
  const items = rows.map((row) => keyed(row, values, keyOf));
  const isWhole = rows[0]?.has_null !== true;
  if (ends.length > 1) {
    const total = await snapshot.connection.row(`SELECT ${sums} FROM ${source.from} ${source.where.sql}`, parameters);
    return { ranked: { items, total: total as Row }, isWhole };
  }
  // Each flow is in one group, so that the groups add up to the total.
  const [{ all_flows: flows = 0, all_packets: packets = 0, all_bytes: bytes = 0 } = {} as Row] = rows;
  return { ranked: { items, total: { flows, packets, bytes } }, isWhole };
};

const totals = ['flows', 'packets', 'bytes'].map((name) => `sum(${name}) OVER () AS all_${name}`).join(', ');

const groupedBy = (values: readonly string[], { from, where }: Source, condition = ''): string =>
  `SELECT ${named(values)}, ${sums} FROM ${from} ${where.sql} ${condition} GROUP BY ALL`;

/** A flow whose two ends are equal counts once. */
const groupedByEnds = (ends: Grouping['ends'], source: Source): string => {
  const [first = [], second = []] = ends;
  const differ = first.map((value, at) => `${value} IS DISTINCT FROM ${second[at]}`).join(' OR ');
  const both = `${groupedBy(first, source)} UNION ALL ${groupedBy(second, source, `AND (${differ})`)}`;
  const names = first.map((_, at) => `k${at}`).join(', ');
  return `SELECT ${names}, CAST(sum(flows) AS BIGINT) AS flows, sum(packets) AS packets, sum(bytes) AS bytes FROM (${both}) GROUP BY ALL`;
};
