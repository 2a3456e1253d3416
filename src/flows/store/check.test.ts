import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sumFile } from './file-sum.ts';
import { sealHot } from './seal.ts';
import { summarise } from './statistics.ts';
import { everything, TestStore } from './store.fixture.ts';

let test: TestStore;
let path = '';
beforeEach(async () => {
  test = await TestStore.open();
  await test.bring(
    'named',
    Array.from({ length: 50 }, (_, at) => ({ time: at })),
  );
  await sealHot(test.store);
  await test.bring('named', [{ time: 100 }, { time: 101 }]);
  path = test.store.absolute(test.store.files[0]?.path as string);
});
afterEach(() => test.end());

const codes = async (): Promise<string[]> => (await test.check()).findings.map((finding) => finding.code);
const change = (sql: string): Promise<void> => test.store.writer.run(sql);
/** Replaces the sealed file by other rows and tells the catalog its new digest, as a fault of Weir would. */
const rewrite = async (select: string): Promise<void> => {
  const copy = `${path}.copy`;
  await change(`COPY (${select.replace('FILE', `read_parquet('${path}')`)}) TO '${copy}' (FORMAT parquet)`);
  await copyFile(copy, path);
  await rm(copy);
  const { bytes, sha256 } = await sumFile(path);
  await change(`UPDATE files SET sha256 = '${sha256}', bytes = ${bytes}`);
};

it.each([
  ['is gone', () => rm(path)],
  ['is no Parquet', () => writeFile(path, 'PAR1 and nothing more')],
])('a question that reads a file that %s says so, and who knows more', async (_, harm) => {
  await harm();
  const asked = summarise(test.store, everything, new AbortController().signal);
  await expect(asked).rejects.toMatchObject({
    code: 'internal',
    message: 'A file of the store is gone or damaged, and the answer cannot be whole.',
    detail: expect.stringContaining(basename(path)),
    hint: expect.stringContaining('weir check'),
  });
});

it('finds nothing in a whole store and counts what is there', async () => {
  const { ok, findings, counts } = await test.check();
  expect({ ok, findings }).toEqual({ ok: true, findings: [] });
  expect(counts).toMatchObject({ files: 1, rows: 50, hot_rows: 2, imports: 2 });
});

it.each([
  ['a file that is gone', 'file-missing', () => rm(path)],
  ['a file that has changed', 'digest', () => appendFile(path, 'x')],
  [
    'a file with a flipped octet',
    'digest',
    async () => {
      const bytes = await readFile(path);
      bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
      await writeFile(path, bytes);
    },
  ],
  ['rows that are missing', 'count', () => rewrite('SELECT * FROM FILE LIMIT 49')],
  ['times that are not those of the catalog', 'bounds', () => rewrite('SELECT * REPLACE (time + 1 AS time) FROM FILE')],
  ['ids that are not those of the catalog', 'bounds', () => rewrite('SELECT * REPLACE (id + 5 AS id) FROM FILE')],
  ['rows out of order', 'order', () => rewrite('SELECT * FROM FILE ORDER BY id DESC')],
  ['a hot flow that is there twice', 'hot-twice', () => change('INSERT INTO hot SELECT * FROM hot LIMIT 1')],
  ['a flow that is hot and sealed', 'id-twice', () => change('UPDATE hot SET id = 7 WHERE time = 100')],
  ['a flow that an import did not bring', 'import-count', () => change('INSERT INTO hot SELECT * REPLACE (999 AS id) FROM hot LIMIT 1')],
  ['a flow of no import', 'import-count', () => change('UPDATE hot SET source_id = 77 WHERE time = 100')],
  ['a flow that was lost', 'total', () => change('DELETE FROM hot WHERE time = 100')],
] as const)('finds %s', async (_, code, harm) => {
  await harm();
  expect(await codes()).toContain(code);
  expect((await test.check()).ok).toBe(false);
});

it('warns of a file that nobody reads and names the command that takes it away', async () => {
  const orphan = join(dirname(dirname(path)), 'day=1999-01-01', 'x.parquet');
  await mkdir(dirname(orphan), { recursive: true });
  await copyFile(path, orphan);
  const { ok, findings } = await test.check();
  expect(ok).toBe(true);
  expect(findings).toMatchObject([{ level: 'warning', code: 'orphan', fix: `rm ${orphan}` }]);
});
