/** Looks whether the store is whole: files and catalog agree, digests hold, rows are counted right and in order. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog, type FileEntry, type SourceEntry } from './catalog.ts';
import { type Connection, literal } from './duck.ts';
import { sumFile } from './file-sum.ts';
import { relation } from './relation.ts';
import { forgottenRows } from './retention.ts';
import type { Snapshot, Store } from './store.ts';

/** Something that is not as it should be, and the way out. */
export type Finding = { level: 'error' | 'warning'; code: string; text: string; fix: string };

/** What `weir check` tells. */
export type Checked = {
  ok: boolean;
  findings: Finding[];
  counts: { files: number; rows: number; hot_rows: number; imports: number; bytes: number };
};

/** Checks everything, as it was at one moment; reads every sealed file once. */
export const checkStore = async (store: Store): Promise<Checked> => {
  await store.exclusively(() => store.refresh()); // what the catalog says is in question here, not what is known of it
  const snapshot = await store.snapshot();
  const { connection, files, hot } = snapshot;
  try {
    const findings: Finding[] = [];
    for (const file of files) findings.push(...(await checkFile(store, connection, file)));
    const areReadable = findings.length === 0;
    findings.push(...(await orphans(store)), ...(await checkHot(connection)));
    const sources = await new Catalog(connection).sources();
    if (areReadable) findings.push(...(await checkIds(store, snapshot)), ...(await checkSources(store, snapshot, sources)));
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const counts = { files: files.length, rows, hot_rows: hot?.rows ?? 0, imports: sources.length, bytes };
    return { ok: findings.every((finding) => finding.level !== 'error'), findings, counts };
  } finally {
    snapshot.close();
  }
};

const report = 'report this as a fault of Weir';
const restore = 'restore the file from a backup, or import its source again into a new data directory';

const checkFile = async (store: Store, connection: Connection, file: FileEntry): Promise<Finding[]> => {
  const path = store.absolute(file.path);
  const error = (code: string, text: string): Finding[] => [{ level: 'error', code, text: `${file.path}: ${text}`, fix: restore }];
  if (!existsSync(path)) return error('file-missing', 'the catalog has it, the disk does not');
  const { bytes, sha256 } = await sumFile(path);
  if (sha256 !== file.sha256) return error('digest', `expected SHA-256 ${file.sha256}, found ${sha256} over ${bytes} octets`);
  const row = await connection.row(
    `SELECT count(*) AS n, min(time) AS low, max(time) AS high, min(id) AS first, max(id) AS last,
       count_if(time < previous OR (time = previous AND id <= previous_id)) AS unordered
     FROM (SELECT time, id, lag(time) OVER () AS previous, lag(id) OVER () AS previous_id FROM read_parquet(${literal(path)}))`,
  );
  if (Number(row?.n) !== file.rows) return error('count', `expected ${file.rows} rows, found ${row?.n}`);
  const found = [row?.low, row?.high, row?.first, row?.last].map(Number);
  const known = [file.minTime, file.maxTime, file.minId, file.maxId];
  if (found.some((value, at) => value !== known[at])) return error('bounds', 'its times or ids are not those of the catalog');
  if (Number(row?.unordered) > 0) return error('order', `${row?.unordered} rows are not in order of time and id`);
  return [];
};

/** Files that nobody reads. Looked for between two changes: a file that is being taken in is no orphan. */
const orphans = (store: Store): Promise<Finding[]> =>
  store.exclusively(async () => {
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
  });

const checkHot = async (connection: Connection): Promise<Finding[]> => {
  const row = await connection.row('SELECT count(*) - count(DISTINCT id) AS twice FROM hot');
  if (Number(row?.twice) === 0) return [];
  return [{ level: 'error', code: 'hot-twice', text: `${row?.twice} hot flows share an id with another`, fix: report }];
};

/** Ids are given once: no two flows may share one. Only what may overlap is compared. */
const checkIds = async (store: Store, { connection, files, hot }: Snapshot): Promise<Finding[]> => {
  const ranges = files.map(({ minId, maxId, path }) => ({
    minId,
    maxId,
    from: `SELECT id FROM read_parquet(${literal(store.absolute(path))})`,
  }));
  if (hot !== undefined) ranges.push({ ...hot, from: 'SELECT id FROM hot' });
  const shared = ranges.filter((a) => ranges.some((b) => a !== b && a.minId <= b.maxId && a.maxId >= b.minId));
  if (shared.length === 0) return [];
  const ids = shared.map((range) => range.from).join(' UNION ALL ');
  const row = await connection.row(`SELECT count(*) - count(DISTINCT id) AS n FROM (${ids})`);
  if (Number(row?.n) === 0) return [];
  return [{ level: 'error', code: 'id-twice', text: `${row?.n} flows share an id with another`, fix: report }];
};

/** What the imports brought is here, or was given up by retention: no more and no less. */
const checkSources = async (store: Store, { connection, files, hot }: Snapshot, sources: readonly SourceEntry[]): Promise<Finding[]> => {
  const brought = new Map(
    sources.filter((source) => source.state === 'done').map(({ id, record }) => [id, (JSON.parse(record) as { flows: number }).flows]),
  );
  const from = relation(store.paths.flows, files, hot !== undefined);
  const found = await connection.rows(`SELECT source_id, count(*) AS n FROM ${from} GROUP BY 1 ORDER BY 1`);
  const findings: Finding[] = [];
  for (const { source_id: id, n } of found) {
    const flows = brought.get(Number(id));
    if (flows !== undefined && Number(n) <= flows) continue;
    const text =
      flows === undefined ? `${n} flows are of import ${id}, which is not known` : `import ${id} brought ${flows} flows, ${n} are here`;
    findings.push({ level: 'error', code: 'import-count', text, fix: report });
  }
  const forgotten = await new Catalog(connection).counter(forgottenRows);
  const here = found.reduce((sum, row) => sum + Number(row.n), 0);
  const expected = [...brought.values()].reduce((sum, flows) => sum + flows, 0) - forgotten;
  if (here === expected) return findings;
  const text = `the imports brought ${expected} flows besides those that retention gave up, ${here} are here`;
  return [...findings, { level: 'error', code: 'total', text, fix: report }];
};
