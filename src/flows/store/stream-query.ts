/** What a stream is asked for, and what it tells besides its octets. */
import type { StreamFormat } from '../encode/format.ts';
import type { ColumnName } from '../schema.ts';
import type { Selection } from './selection.ts';

/** What is streamed, and how. */
export type StreamQuery = Selection & {
  format: StreamFormat;
  fields: ColumnName[];
  direction: 'ascending' | 'descending';
  /** Rows at most; undefined for all. */
  limit: number | undefined;
  /** Rows to pass over first. */
  offset: number;
  bigint: 'number' | 'string';
  header: 'present' | 'absent';
};

/** What is told before the first block: the last commit that the answer has seen, to ask for what comes after it. */
export type StreamNews = { ingestedUntil: string };

/** How a stream ended. */
export type Streamed = { rows: number };
