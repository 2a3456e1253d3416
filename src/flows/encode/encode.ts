/** Encoders for the formats of the flow stream, over the raw columns of `chunk.ts`. Parquet is DuckDB's own work. */
import { ArrowEncoder } from './arrow.ts';
import { BlockPool } from './block.ts';
import type { Header } from './csv.ts';
import { csvNotation } from './csv.ts';
import type { Encoder } from './encoder.ts';
import type { EncodedField } from './field.ts';
import type { StreamFormat } from './format.ts';
import { streamFormats } from './format.ts';
import type { Bigint } from './json.ts';
import { jsonNotation, ndjsonNotation } from './json.ts';
import { RowEncoder } from './row-encoder.ts';
import { xmlNotation } from './xml.ts';

/** The formats that are encoded here. */
export type EncodedFormat = Exclude<StreamFormat, 'parquet'>;

export type EncodeOptions = {
  /** JSON and NDJSON: 64-bit columns as numbers (default) or as strings. */
  readonly bigint?: Bigint;
  /** CSV: whether there is a line of names; present by default. */
  readonly header?: Header;
  /** Where blocks come from, and go back to when they have been sent. */
  readonly pool?: BlockPool;
  /** Whether rows have been before, which another encoder wrote; see `Encoder.opening`. */
  readonly continues?: boolean;
};

/** An encoder for rows that `selectList(fields)` selects and `readChunk(chunk, rawTypes(fields))` reads. */
export const createEncoder = async (
  format: EncodedFormat,
  fields: readonly EncodedField[],
  options: EncodeOptions = {},
): Promise<Encoder> => {
  const { bigint = 'number', header = 'present', pool = new BlockPool(), continues = false } = options;
  const { contentType } = streamFormats[format];
  const stand = { pool, continues };
  switch (format) {
    case 'json':
      return new RowEncoder(jsonNotation(fields, bigint), contentType, stand);
    case 'ndjson':
      return new RowEncoder(ndjsonNotation(fields, bigint), contentType, stand);
    case 'xml':
      return new RowEncoder(xmlNotation(fields), contentType, stand);
    case 'csv':
      return new RowEncoder(csvNotation(fields, header), contentType.replace('header=present', `header=${header}`), stand);
    case 'arrow':
      return new ArrowEncoder(fields, contentType, pool);
  }
};
