/** A push parser of rows. It fills all columns but source_id and ingested_at; `id` is the ordinal of the row in its file. */
export type TextParser = {
  /** Reads a chunk, cut anywhere; the bytes are not kept. Throws the Problem of a bad row or of a file that is no such format. */
  push(bytes: Uint8Array): void;
  /** Reads what is left: the last line may lack its end. */
  end(): void;
  /** Lines (of a JSON array: elements) seen so far, heading, bad and empty ones included: no id is greater. */
  readonly lines: number;
  /** Rows written to batches. */
  readonly rows: number;
  /** Rows whose time lies before that of the row above them. */
  readonly unordered: number;
};
