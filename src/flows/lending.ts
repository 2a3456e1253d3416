/** Flows for programs beside the server, which read files: the sealed ones as they are, or rows that a question chose. */
import { open } from 'node:fs/promises';
import type { Flows } from './flows.ts';
import { readFormat, readStream } from './query.ts';
import { columns } from './schema.ts';
import { literal } from './store/duck.ts';
import { absentValue, canonicalValue, isDerived } from './store/file-layout.ts';
import type { SharedFile } from './store/share.ts';

/** The files of one moment, what their columns are called, and a view of them in the SQL of DuckDB. */
export type FlowsLoan = {
  /** Equal versions stand for equal files. */
  version: string;
  files: SharedFile[];
  /** The canonical columns; `text` is the column that a number which a file lacks is read from. */
  columns: { name: string; type: string; text?: string }[];
  /** A query whose rows are the flows, in the canonical columns. */
  sql: string;
};

/** Which rows, and as what. */
export type LentRows = { format: 'arrow' | 'ndjson'; filter?: string; fields?: string; limit?: number };

/** Fills a folder of the borrower with the files of now; what is hot is sealed first. */
export async function lendFlows(flows: Flows, folder: string): Promise<FlowsLoan> {
  const { version, files } = await flows.store.share(folder);
  return { version, files, columns: lentColumns, sql: viewOf(files) };
}

/** Writes the flows that a question chose to a file. Throws `invalid` with the word that is wrong. */
export async function writeFlows(flows: Flows, rows: LentRows, path: string, signal: AbortSignal): Promise<void> {
  const { format, fields = 'all', ...choice } = rows;
  const query = readStream({ ...choice, fields, format }, readFormat(format));
  const file = await open(path, 'wx', 0o600);
  let last: Promise<unknown> = Promise.resolve();
  const onBlock = (block: Uint8Array, release: () => void): void => {
    last = last.then(() => file.writeFile(block)).then(release);
    last.catch(() => {}); // seen at the end
  };
  try {
    await flows.store.stream(query, { onBlock, signal });
    await last;
  } finally {
    await file.close();
  }
}

const lentColumns = columns.map((column) => ({
  name: column.name,
  type: column.type,
  ...(isDerived(column) && { text: column.name.replace(/_num$/, '') }),
}));

function viewOf(files: readonly SharedFile[]): string {
  const parts = (['named', 'addressed'] as const).flatMap((shape) => {
    const paths = files.filter((file) => file.shape === shape).map(({ path }) => literal(path));
    if (paths.length === 0) return [];
    const list = columns.map((column) => {
      const isThere = shape === 'addressed' || column.named;
      return `${isThere ? canonicalValue(column, shape) : absentValue(column)} AS ${column.name}`;
    });
    return [`SELECT ${list.join(', ')} FROM read_parquet([${paths.join(', ')}], hive_partitioning = false)`];
  });
  if (parts.length > 0) return parts.join(' UNION ALL ');
  return `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${name}`).join(', ')} WHERE false`;
}
