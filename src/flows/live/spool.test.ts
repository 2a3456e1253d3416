import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '../../core/problem.ts';
import { Spool } from './spool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-spool-'));
  for (const name of ['b', 'a', 'c']) writeFileSync(join(folder, `${name}.parquet`), name.repeat(100));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test('files are delivered in order, and leave when the store has them or had them before', async () => {
  const seen: string[] = [];
  const deliver = async ({ name }: { name: string }) => {
    seen.push(name);
    if (name === 'b.parquet') throw new Problem('conflict', 'That was stored before.', { facts: { import: 7 } });
  };
  const spool = new Spool(folder, deliver, () => {});
  await spool.open();
  expect(await spool.close()).toMatchObject({ files: 0, delivered: 3, problem: null });
  expect(seen).toEqual(['a.parquet', 'b.parquet', 'c.parquet']);
});

test('a conflict that is no second sending keeps the file, and so does a store that is away; that is told once', async () => {
  const told: (string | null)[] = [];
  const spool = new Spool(
    folder,
    async () => {
      throw new Problem('conflict', 'The store is held by another.');
    },
    (problem) => told.push(problem),
  );
  await spool.open();
  await spool.close();
  expect(readdirSync(folder)).toHaveLength(3);
  expect(told).toEqual(['The store is held by another.']);
});

test('what a killed process was writing is no file, and goes; what one beside us is writing stays', async () => {
  for (const name of ['d.parquet.part', 'e.parquet.part']) writeFileSync(join(folder, name), 'half');
  utimesSync(join(folder, 'd.parquet.part'), 0, Date.now() / 1000 - 3600);
  const spool = new Spool(
    folder,
    async () => {},
    () => {},
  );
  await spool.open();
  expect(await spool.close()).toMatchObject({ delivered: 3 });
  expect(readdirSync(folder)).toEqual(['e.parquet.part']);
});

test('there is room up to the limit, and again when files have left; it is looked for now and then', async () => {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  let isAway = true;
  const deliver = async () => {
    if (isAway) throw new Problem('unavailable', 'The store is away.');
  };
  const spool = new Spool(folder, deliver, () => {}, 300);
  await spool.open();
  expect(await spool.hasRoom()).toBe(false);
  isAway = false;
  await spool.close();
  expect(await spool.hasRoom()).toBe(false);
  now += 5000;
  expect(await spool.hasRoom()).toBe(true);
});
