/**
 * The flows as commands see them: one port with two implementations, a server over HTTP (`remote.ts`) and a data directory
 * that no server holds (opened by `openFlows` of `index.ts`, which alone loads the store). Shapes and names are those of the
 * wire, so that `--json` prints the same whichever way it came.
 */

import type { ImportRecord } from './import/import-record.ts';

/** Which flows a question is about. All parts are optional and are combined with `and`. */
export type Selection = {
  /** Filter language, such as `proto tcp and port 443`. */
  filter?: string;
  /** Seconds or ISO 8601; flows whose time is later (exclusive). */
  scanned_after?: string;
  /** Seconds or ISO 8601; flows whose time is not later (inclusive). */
  scanned_before?: string;
  /** ISO 8601 wall clock; flows taken in later. */
  ingested_after?: string;
};

export type Metric = 'bytes' | 'packets' | 'flows';

/** `page` counts from 1; `cursor`, of the page before, wins over it. `fields` are column names, separated by commas. */
export type ListQuery = Selection & { page?: number; per_page?: number; cursor?: string; fields?: string; order?: 'time' | '-time' };
export type TopQuery = Selection & { by: string; metric?: Metric; limit?: number };
/** `bucket` is a duration with its unit, such as `60s`. */
export type SeriesQuery = Selection & { bucket?: string; by?: string; metric?: Metric };
export type PairsQuery = Selection & { limit?: number; metric?: Metric };
export type ExportQuery = Selection & { format: string; fields?: string; order?: 'time' | '-time'; limit?: number };

/** A stored flow: column names and raw values. */
export type FlowRow = Record<string, unknown>;

export type Counters = { flows: number; packets: number; bytes: number };
/** Counters over both directions; `first` and `last` are null where nothing matched. */
export type Summary = Counters & { first: number | string | null; last: number | string | null } & Record<string, unknown>;
export type TopItem = Counters & { key: string | number | null /** Part of the total, 0 to 1. */; share: number };
export type Top = { by: string; metric: Metric; items: TopItem[]; total: Counters };
/** `time` is the begin of the bucket in whole seconds (Unix time, or the count of the data set). */
export type SeriesItem = Counters & { time: number; key: string | number | null };
export type Series = { bucket_s: number; items: SeriesItem[] };
export type Pair = {
  a: string;
  b: string;
  flows_ab: number;
  flows_ba: number;
  packets_ab: number;
  packets_ba: number;
  bytes_ab: number;
  bytes_ba: number;
  first: number | string;
  last: number | string;
  paired: boolean;
};
export type Sealed = { files: number; rows: number };
export type Finding = { level: 'error' | 'warning' | 'info'; code: string; text: string; fix?: string | null };
export type CheckResult = { ok: boolean; findings: Finding[]; counts: Record<string, number> };

/** How an import is to be read; absent means Weir's default. Times are in seconds. */
export type ImportOptions = {
  name?: string;
  format?: string;
  /** Take the same content once more. */
  again?: boolean;
  /** Bad rows to pass over before giving up; `all` for any number. */
  skip_bad?: number | 'all';
  keep_good?: boolean;
  uniflow?: boolean;
  tunnels?: 'inner' | 'both';
  active?: number;
  idle?: number;
  idle_udp?: number;
  idle_icmp?: number;
  tcp_close?: number;
  key_vlan?: boolean;
  key_interface?: boolean;
  macs?: boolean;
  /** Origin of relative times: seconds or ISO 8601. */
  epoch?: string;
};

/** What is imported: its bytes, streamed once. `bytes_total` is null where nobody knows the end. */
export type ImportSource = {
  name: string;
  bytes_total: number | null;
  /** The file behind it, for an implementation that reads it itself; absent for standard input. */
  path?: string;
  open: () => AsyncIterable<Uint8Array>;
};

/** An import, running or ended. */
export type Import = ImportRecord;

/** Everything the commands ask of the flows. Every method throws Problem. */
export type FlowsPort = {
  /**
   * Imports one source and answers when it is stored, all or nothing. `onProgress` is called every now and then, from the
   * first bytes on. A process that ends in the middle leaves nothing of the source in the store.
   */
  import(source: ImportSource, options: ImportOptions, onProgress: (state: Import) => void): Promise<Import>;
  imports(): Promise<Import[]>;
  list(query: ListQuery): Promise<FlowRow[]>;
  summary(selection: Selection): Promise<Summary>;
  top(query: TopQuery): Promise<Top>;
  series(query: SeriesQuery): Promise<Series>;
  pairs(query: PairsQuery): Promise<Pair[]>;
  /** The encoded stream, block by block; a failure in its middle throws. */
  export(query: ExportQuery): AsyncIterable<Uint8Array>;
  seal(): Promise<Sealed>;
  check(): Promise<CheckResult>;
  close(): Promise<void>;
};
