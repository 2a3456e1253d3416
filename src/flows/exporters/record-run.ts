/** Records of one set that lie one behind the other, and the rows that they become. */
import type { Domain, Header } from './domain.ts';
import type { Plan } from './template.ts';

/** What of an exporter goes into its rows. */
export type RowOrigin = { readonly domain: Domain; readonly exporter: Uint8Array; readonly sampling: number };

/** A run of records; the fillers of columns go through it from `at` in steps of `size`. */
export type RecordRun = {
  readonly view: DataView;
  /** Where the first record begins within the view. */
  at: number;
  /** Octets of a record. */
  readonly size: number;
  readonly plan: Plan;
  readonly header: Header;
  readonly origin: RowOrigin;
  /** The row of the first record, and how many records (and rows) there are. */
  row: number;
  count: number;
};
