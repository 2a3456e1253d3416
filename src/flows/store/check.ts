/** Looks whether the store is whole: files and catalog agree, digests hold, rows are counted right and in order. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEntry } from './catalog.ts';
import { sumFile } from './commit.ts';
import { type Connection, literal } from './duck.ts';
import type { Store } from './store.ts';

/** Something that is not as it should be, and the way out. */
export type Finding = { level: 'error' | 'warning'; code: string; text: string; fix: string };

/** What `weir check` tells. */
export type Checked = {
  ok: boolean;
  findings: Finding[];
  counts: { files: number; rows: number; hot_rows: number; imports: number; bytes: number };
};

/** Checks everything; reads every sealed file once. */
export const checkStore = async (store: Store): Promise<Checked> => {
  const connection = await store.duck.connect();
  const files = [...store.files];
  const unpin = store.pin(files);
  try {
    const findings: Finding[] = [];
    for (const file of files) findings.push(...(await checkFile(store, connection, file)));
    findings.push(...(await orphans(store)), ...(await checkHot(connection)), ...(await checkIds(store, connection)));
    const sources = await store.catalog.sources();
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const counts = { files: files.length, rows, hot_rows: store.hot?.rows ?? 0, imports: sources.length, bytes };
    return { ok: findings.every((finding) => finding.level !== 'error'), findings, counts };
  } finally {
    unpin();
    connection.close();
  }
};

const restore = 'restore the file from a backup, or import its source again into a new data directory';

const checkFile = async (store: Store, connection: Connection, file: FileEntry): Promise<Finding[]> => {
  const path = store.absolute(file.path);
  const error = (code: string, text: string): Finding[] => [{ level: 'error', code, text: `${file.path}: ${text}`, fix: restore }];
  if (!existsSync(path)) return error('file-missing', 'the catalog has it, the disk does not');
  const { bytes, sha256 } = await sumFile(path);
  if (sha256 !== file.sha256) return error('digest', `expected SHA-256 ${file.sha256}, found ${sha256} over ${bytes} octets`);
  const row = await connection.row(
    `SELECT count(*) AS n, min(time) AS low, max(time) AS high, count_if(time < previous) AS unordered
     FROM (SELECT time, lag(time) OVER () AS previous FROM read_parquet(${literal(path)}))`,
  );
  if (Number(row?.n) !== file.rows) return error('count', `expected ${file.rows} rows, found ${row?.n}`);
  if (Number(row?.low) !== file.minTime || Number(row?.high) !== file.maxTime)
    return error('bounds', 'its times are not those of the catalog');
  if (Number(row?.unordered) > 0) return error('order', `${row?.unordered} rows are not in order of time`);
  return [];
};

const orphans = async (store: Store): Promise<Finding[]> => {
  const known = new Set([...store.files.map((file) => file.path), ...(await store.catalog.doomed())]);
  const findings: Finding[] = [];
  for (const entry of await readdir(store.paths.flows, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(store.paths.flows.length + 1);
    if (known.has(path)) continue;
    findings.push({
      level: 'warning',
      code: 'orphan',
      text: `${path}: no import knows this file; queries do not read it`,
      fix: `rm ${join(store.paths.flows, path)}`,
    });
  }
  return findings;
};

const checkHot = async (connection: Connection): Promise<Finding[]> => {
  const row = await connection.row('SELECT count(*) - count(DISTINCT id) AS twice FROM hot');
  if (Number(row?.twice) === 0) return [];
  return [
    { level: 'error', code: 'hot-twice', text: `${row?.twice} hot flows share an id with another`, fix: 'report this as a fault of Weir' },
  ];
};

/** Ids are given once: ranges of rows must not appear in two places. Counted as a whole, since ranges may interleave. */
const checkIds = async (store: Store, connection: Connection): Promise<Finding[]> => {
  const overlapping = store.files.filter(
    (file) => store.hot !== undefined && file.minId <= store.hot.maxId && file.maxId >= store.hot.minId,
  );
  if (overlapping.length === 0) return [];
  const list = overlapping.map((file) => literal(store.absolute(file.path))).join(', ');
  const row = await connection.row(`SELECT count(*) AS n FROM hot SEMI JOIN read_parquet([${list}], union_by_name = true) USING (id)`);
  if (Number(row?.n) === 0) return [];
  return [{ level: 'error', code: 'id-twice', text: `${row?.n} flows are both hot and sealed`, fix: 'report this as a fault of Weir' }];
};
