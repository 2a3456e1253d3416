import type { RawColumn } from './raw-column.ts';

/**
 * Turns rows into the octets of a format. The order of calls: `head`, then `rows` for each chunk and `take` until it
 * gives null, and at the end `flush`, `take` until null, and `tail`. What these give, one after the other, is the answer.
 */
export type Encoder = {
  /** Media type with its parameters. */
  readonly contentType: string;
  /** What goes out before any row. */
  head(): Uint8Array;
  /** Encodes the first `count` rows of a chunk; its columns may be freed afterwards. */
  rows(columns: readonly RawColumn[], count: number): void;
  /** The next finished block or null. Each is alone in its ArrayBuffer, to be transferred and given back to the pool. */
  take(): Uint8Array | null;
  /** Finishes the block that has been begun: at the end, and when what there is shall not wait. */
  flush(): void;
  /** What goes out after the last row; `hasRows` where another encoder may have had some. */
  tail(hasRows?: boolean): Uint8Array;
  /** For answers that several encoders write, all but the head and the tail as if rows had been before: what the first row begins with, and the octets that it stands for. */
  readonly opening: Opening;
};

/** What replaces the first octets of the first row. */
export type Opening = { readonly text: Uint8Array; readonly replaces: number };
