/** What is told and kept of an import: the same JSON on the wire, in the catalog and in `weir import --json`. */
import type { ProblemMessage } from '../../core/problem.ts';
import type { ImportFormat } from './detect.ts';
import type { ImportNews, ImportSettings, ReadReport } from './settings.ts';

export const importStates = ['waiting', 'receiving', 'metering', 'committing', 'done', 'failed'] as const;
export type ImportState = (typeof importStates)[number];

export type ImportRecord = {
  id: number;
  name: string;
  state: ImportState;
  format: ImportFormat | null;
  bytes_read: number;
  bytes_total: number | null;
  /** Packets read = packets metered + the sum of `skipped`. */
  packets: number;
  packets_metered: number;
  flows: number;
  rows_bad: number;
  skipped: Record<string, number>;
  rate_bytes_s: number;
  eta_s: number | null;
  started_at: string;
  ended_at: string | null;
  problem: ProblemMessage | null;
  digest: string | null;
  warnings: string[];
  bad_rows: { line: number; reason: string }[];
  capture: Record<string, unknown> | null;
};

/** A record at the start of its import. */
export const newRecord = (
  id: number,
  settings: Pick<ImportSettings, 'name' | 'format'>,
  bytesTotal: number | null,
  nowMs: number,
): ImportRecord => ({
  id,
  name: settings.name,
  state: 'waiting',
  format: settings.format ?? null,
  bytes_read: 0,
  bytes_total: bytesTotal,
  packets: 0,
  packets_metered: 0,
  flows: 0,
  rows_bad: 0,
  skipped: {},
  rate_bytes_s: 0,
  eta_s: null,
  started_at: new Date(nowMs).toISOString(),
  ended_at: null,
  problem: null,
  digest: null,
  warnings: [],
  bad_rows: [],
  capture: null,
});

/** Takes over how far an import is, `seconds` after its start. */
export const noteNews = (record: ImportRecord, news: ImportNews, seconds: number): void => {
  record.format = news.format ?? record.format;
  record.bytes_read = news.bytesRead;
  record.packets = news.packets;
  record.flows = news.flows;
  record.rows_bad = news.rowsBad;
  record.rate_bytes_s = seconds > 0 ? Math.round(news.bytesRead / seconds) : 0;
  const left = record.bytes_total === null ? null : record.bytes_total - news.bytesRead;
  record.eta_s = left === null || record.rate_bytes_s === 0 ? null : Math.round(Math.max(0, left) / record.rate_bytes_s);
};

/** Takes over what the reading thread found. */
export const noteReport = (record: ImportRecord, report: ReadReport, seconds: number): void => {
  noteNews(record, report, seconds);
  record.skipped = report.skipped;
  record.packets_metered = report.metered;
  record.digest = report.digest;
  record.warnings = report.warnings;
  record.bad_rows = report.badRows;
  record.capture = report.capture ?? null;
};
