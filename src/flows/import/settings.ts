/** What an import is told besides its bytes: plain data, so that it crosses threads and is kept with the record. */
import type { MeterOptions } from '../meter/options.ts';
import type { ImportFormat } from './detect.ts';

/** How packets are metered, and which headers of tunnelled ones. */
export type MeterSettings = MeterOptions & { readonly tunnels: 'outer' | 'inner' | 'both' };

export type ImportSettings = {
  /** The name that people see: mostly that of the file. */
  name: string;
  /** Given by the user, or undefined to recognise the content. */
  format: ImportFormat | undefined;
  allowDuplicate: boolean;
  /** Keep what came before a fault in a capture. */
  keepGood: boolean;
  /** Bad rows that may be skipped; true for any number. */
  skipBad: number | boolean;
  /** Unix time of second 0 of relative data. */
  epoch: number | undefined;
  meter: MeterSettings;
};

/** How far an import is: what the reading thread reports while it works. */
export type ImportNews = {
  format: ImportFormat | undefined;
  bytesRead: number;
  packets: number;
  /** Flows handed to the writer so far. */
  flows: number;
  rowsBad: number;
};

/** What the reading thread found, when it has read everything. */
export type ReadReport = ImportNews & {
  digest: string;
  /** A Parquet file waits at this path, to be read by the writer. */
  spooled: string | undefined;
  /** Packets that made no flow, by reason. */
  skipped: Record<string, number>;
  /** Packets that became part of a flow. */
  metered: number;
  warnings: string[];
  badRows: { line: number; reason: string }[];
  /** Facts of the capture: kind, byte order, link types, drops. */
  capture: Record<string, unknown> | undefined;
};
