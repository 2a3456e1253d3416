/**
 * What a client asks, in the words of the wire, turned into what the store takes. Both doors, HTTP and a data directory
 * at hand, come through here, so that a question means the same at both.
 */
import { readMoment } from '../core/moment.ts';
import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';
import { parseDurationMs } from '../core/quantity.ts';
import { type StreamFormat, streamFormatNames } from './encode/format.ts';
import { compileFilter, namesTunnels, parseFilter, timeBounds } from './filter/index.ts';
import { type ColumnName, columns, publishedColumns } from './schema.ts';
import { anyTime, type Selection } from './store/selection.ts';
import type { Metric } from './store/statistics.ts';
import type { StreamQuery } from './store/stream-query.ts';

/** The parameters that every question takes. */
export type SelectionWords = {
  filter?: string | undefined;
  scanned_after?: string | undefined;
  scanned_before?: string | undefined;
  ingested_after?: string | undefined;
};

/** Reads the parameters that choose flows; throws Problem naming the one that is wrong. */
export const readSelection = (words: SelectionWords): Selection => {
  const filter = words.filter === undefined || words.filter.trim() === '' ? undefined : parseFilter(words.filter);
  const implied = filter === undefined ? undefined : timeBounds(filter);
  const compiled = filter === undefined ? undefined : compileFilter(filter);
  const from = words.scanned_after === undefined ? anyTime.from : secondsOf('scanned_after', words.scanned_after) + 1;
  const to = words.scanned_before === undefined ? anyTime.to : secondsOf('scanned_before', words.scanned_before);
  return {
    bounds: { from: Math.max(from, whole(implied?.min, anyTime.from)), to: Math.min(to, whole(implied?.max, anyTime.to)) },
    condition: compiled?.sql ?? '',
    parameters: [...(compiled?.params ?? [])],
    choosesLayers: filter !== undefined && namesTunnels(filter),
    ingestedAfterUs: words.ingested_after === undefined ? undefined : microsecondsOf('ingested_after', words.ingested_after),
  };
};

const whole = (bound: bigint | null | undefined, otherwise: number): number =>
  bound === undefined || bound === null ? otherwise : Number(bound);

const momentOf = (name: string, text: string): { seconds: number; nanos: number } => {
  const moment = readMoment(text);
  if (moment !== undefined) return moment;
  throw new Problem('invalid', `${name}: expected seconds or an ISO 8601 time with zone, got ${JSON.stringify(text.slice(0, 80))}`, {
    pointer: name,
    hint: `for example ${name}=86400 or ${name}=2017-03-01T12:00:00Z`,
  });
};

/** Times of flows are whole seconds, so that a bound is its floor: later than 1.5 begins at 2, not later than 1.5 ends at 1. */
const secondsOf = (name: string, text: string): number => momentOf(name, text).seconds;

const microsecondsOf = (name: string, text: string): bigint => {
  const { seconds, nanos } = momentOf(name, text);
  return BigInt(seconds) * 1_000_000n + BigInt(Math.floor(nanos / 1000));
};

/** `fields=time,src_comp` as column names; all names of `otherwise` when absent. */
export const readFields = (text: string | undefined, otherwise: readonly string[] = publishedColumns): ColumnName[] => {
  if (text === undefined) return otherwise as ColumnName[];
  if (text === 'all' || text === '*') return columns.map((column) => column.name);
  const known = columns.map((column) => column.name);
  const names = text.split(',').map((name) => name.trim());
  for (const [at, name] of names.entries()) {
    if (!known.includes(name as ColumnName)) throw unknownField(name, known);
    if (names.indexOf(name) !== at) throw new Problem('invalid', `fields: ${name} is named twice`, { pointer: 'fields' });
  }
  return names as ColumnName[];
};

const unknownField = (name: string, known: readonly string[]): Problem => {
  const near = nearest(name, known);
  return new Problem('invalid', `fields: there is no column ${JSON.stringify(name)}`, {
    pointer: 'fields',
    hint: near === undefined ? 'fields=all has every column' : `did you mean ${near}?`,
    facts: { expected: [...known, 'all'] },
  });
};

/** What the stream and the pages take beside the selection. */
export type StreamWords = SelectionWords & {
  format?: string | undefined;
  fields?: string | undefined;
  order?: 'time' | '-time' | undefined;
  limit?: number | undefined;
  bigint?: 'number' | 'string' | undefined;
  header?: 'present' | 'absent' | undefined;
};

/** Reads a question for rows. */
export const readStream = (words: StreamWords, format: StreamFormat): StreamQuery => ({
  ...readSelection(words),
  format,
  fields: readFields(words.fields),
  direction: words.order === '-time' ? 'descending' : 'ascending',
  limit: words.limit,
  offset: 0,
  bigint: words.bigint ?? 'number',
  header: words.header ?? 'present',
});

/** The word of a format, or the Problem that names those that exist. */
export const readFormat = (word: string): StreamFormat => {
  const found = streamFormatNames.find((name) => name === word);
  if (found !== undefined) return found;
  const near = nearest(word, streamFormatNames);
  throw new Problem('invalid', `format: expected one of ${streamFormatNames.join(', ')}, got ${JSON.stringify(word.slice(0, 80))}`, {
    pointer: 'format',
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
  });
};

/** What is ranked by, bytes unless said otherwise. */
export const readMetric = (word: string | undefined): Metric => (word ?? 'bytes') as Metric;

/** Width of a bucket in whole seconds: `60s`, `5m`, `1h`, or plain seconds. */
export const readBucket = (text: string | undefined): number => {
  const seconds = Math.floor(parseDurationMs(text ?? '60s', 'bucket', 's') / 1000);
  if (seconds >= 1) return seconds;
  throw new Problem('invalid', `bucket: expected at least 1s, got ${JSON.stringify(text)}`, { pointer: 'bucket' });
};
