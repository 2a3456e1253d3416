/** Commands on a data directory whose store is held by a program that knows nothing of its lock: DuckDB's own, say. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Duck } from '../../src/flows/store/duck.ts';

const run = promisify(execFile);
const weir = new URL('../../bin/weir', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-held-'));
let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open(join(folder, 'weir.duckdb'), { memory: '100MB', threads: 1, spillFolder: join(folder, 'spill') });
  writeFileSync(join(folder, 'rows.csv'), '1,0,C1,N1,C2,443,6,1,40\n');
});
afterAll(() => {
  duck.close();
  rmSync(folder, { recursive: true });
});

test.each([[['flows', 'summary']], [['flows', 'export']], [['import', join(folder, 'rows.csv')]]])('%j says so and ends', async (words) => {
  const ended = run(weir, [...words, '--data', folder]);
  await expect(ended).rejects.toMatchObject({ code: 6, stderr: expect.stringContaining('another process holds this data directory') });
});

test.each([[['flows', 'summary']], [['flows', 'seal']], [['check']]])('%j makes no store where there is none', async (words) => {
  const elsewhere = join(folder, 'elsewhere');
  const ended = run(weir, [...words, '--data', elsewhere]);
  await expect(ended).rejects.toMatchObject({ code: 3, stderr: expect.stringContaining(`There are no flows in ${elsewhere}`) });
  expect(existsSync(elsewhere)).toBe(false);
});
