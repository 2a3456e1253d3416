import { appendFile, link, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../core/problem.ts';
import type { FileEntry } from './catalog.ts';
import { commitImport } from './commit.ts';
import { retain } from './retention.ts';
import { compact, sealHot, worthCompacting } from './seal.ts';
import { summarise } from './statistics.ts';
import { everything, streamRows, type TestFlow, TestStore } from './store.fixture.ts';
import { Store } from './store.ts';

const day = 86_400;
/** `count` flows from `start` on, one in `step` seconds, in a shuffled order. */
const spread = (count: number, start: number, step = 1): TestFlow[] =>
  Array.from({ length: count }, (_, at) => ({
    time: start + ((at * 7919) % count) * step,
    src_comp: `computer-with-a-long-name-${at % 50}`,
  }));
const idsOf = (rows: readonly Record<string, unknown>[]): number[] => rows.map((row) => Number(row.id));
const expectOrdered = (rows: readonly Record<string, unknown>[]): void => {
  const keys = rows.map((row) => [Number(row.time), Number(row.id)] as const);
  for (const [at, [time, id]] of keys.entries()) {
    const [before, beforeId] = keys[at - 1] ?? [Number.NEGATIVE_INFINITY, 0];
    if (time < before || (time === before && id <= beforeId))
      throw new Error(`row ${at} (${time}, ${id}) comes behind (${before}, ${beforeId})`);
  }
};

let test: TestStore;
beforeEach(async () => {
  test = await TestStore.open();
});
afterEach(async () => {
  const { findings } = await test.check();
  expect(findings).toEqual([]);
  expect(await test.staged()).toEqual([]);
  await test.end();
});

describe('an import', () => {
  it('lies in the hot table when it is small and in files of its days when it is large', async () => {
    await test.bring('named', spread(1000, 10));
    expect(test.store.files).toEqual([]);
    expect(test.store.hot).toMatchObject({ rows: 1000, minTime: 10, maxTime: 1009, minId: 1, maxId: 1000 });
    await test.bring('addressed', spread(110_000, 5 * day, 2));
    const days = Map.groupBy(test.store.files, (file) => `${file.shape} ${file.day}`);
    expect([...days].map(([key, files]) => [key, files.reduce((sum, file) => sum + file.rows, 0)])).toEqual([
      ['addressed 5', 43_200],
      ['addressed 6', 43_200],
      ['addressed 7', 23_600],
    ]);
    expect(await test.sealedPaths()).toContain(test.store.files[0]?.path);
    const rows = await test.stream();
    expect(rows.length).toBe(111_000);
    expectOrdered(rows);
  });

  it('of content that is there already is refused, and leaves nothing', async () => {
    const first = await test.bring('named', spread(10, 0), 'digest-a');
    await expect(test.bring('named', spread(110_000, 0), 'digest-a')).rejects.toMatchObject({ code: 'conflict', facts: { import: first } });
    expect((await test.stream()).length).toBe(10);
    await test.reopen(); // the orchestration of imports clears the staging folder, and so does the next start
  });

  it('whose transaction fails leaves no file in the folder of flows', async () => {
    const files = await test.stage(7, 'named', spread(110_000, 0));
    const source = { id: 7, digest: null, state: null as unknown as 'done', endedAtUs: 0n, record: '{}' } as const; // NOT NULL in the catalog
    await expect(commitImport(test.store, { source, files, allowDuplicate: true })).rejects.toThrow();
    expect(await test.sealedPaths()).toEqual([]);
    expect(test.store.files).toEqual([]);
    await test.reopen();
    expect((await test.stream()).length).toBe(0);
  });

  it('gets the ids of one that failed, when no other import ran beside it', async () => {
    test.store.ids.takeSource();
    test.store.ids.reserve(500);
    test.store.ids.endImport();
    await test.bring('named', spread(3, 0));
    expect(idsOf(await test.stream()).sort((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it('never gets ids that another import has taken', async () => {
    test.store.ids.takeSource();
    expect(test.store.ids.reserve(5)).toBe(1);
    await test.bring('named', spread(3, 0));
    test.store.ids.endImport();
    await test.reopen();
    await test.bring('named', spread(2, 10));
    expect(idsOf(await test.stream()).sort((a, b) => a - b)).toEqual([6, 7, 8, 9, 10]);
  });
});

describe('sealing', () => {
  it('moves each day and shape into one file, also days before 1970', async () => {
    await test.bring('named', [...spread(500, -day - 250), ...spread(500, 3 * day - 250)]);
    await test.bring('addressed', [
      { time: 3 * day, ip_version: 4, vlan_id: 7 },
      { time: 3 * day, vlan_id: 9 },
    ]);
    const before = await test.stream();
    expect(await sealHot(test.store)).toEqual({ files: 5, rows: 1002 });
    expect(test.store.hot).toBeUndefined();
    expect(test.store.files.map(({ day, rows, shape }) => `${day} ${rows} ${shape}`).sort()).toEqual(
      ['-2 250 named', '-1 250 named', '2 250 named', '3 250 named', '3 2 addressed'].sort(),
    );
    expect(await test.stream()).toEqual(before);
    const vlans = await test.stream({ fields: ['vlan_id'], condition: 'vlan_id IS NOT NULL' });
    expect(vlans).toEqual([{ vlan_id: 7 }, { vlan_id: 9 }]);
  });

  it('leaves days with few rows', async () => {
    await test.bring('named', [...spread(50, 0), ...spread(5, day)]);
    expect(await sealHot(test.store, 20)).toEqual({ files: 1, rows: 50 });
    expect(test.store.hot?.rows).toBe(5);
  });

  it('goes well while a stream reads', async () => {
    await test.bring('named', spread(20_000, 0));
    const gate = Promise.withResolvers<void>();
    const reading = streamRows(test.store, {}, () => gate.promise);
    await sleep(20);
    expect(await sealHot(test.store)).toEqual({ files: 1, rows: 20_000 });
    gate.resolve();
    expect((await reading).length).toBe(20_000);
  });
});

describe('compaction', () => {
  const sealedInParts = async (parts: readonly TestFlow[][]): Promise<void> => {
    for (const part of parts) {
      await test.bring('named', part);
      await sealHot(test.store);
    }
  };

  it('merges small and overlapping files of a day and keeps every row', async () => {
    await sealedInParts([spread(3000, 0), spread(3000, 1500), spread(3000, 6000), spread(10, day)]);
    const before = await test.stream();
    expect(await compact(test.store)).toEqual({ files: 1, rows: 9000 });
    expect(test.store.files.map((file) => file.rows)).toEqual([9000, 10]);
    expect(await test.stream()).toEqual(before);
    expect((await test.sealedPaths()).length).toBe(2);
    expect(worthCompacting(test.store.files)).toEqual([]);
  });

  it('merges once when it is asked for twice at the same time', async () => {
    await sealedInParts([spread(100, 0), spread(100, 50)]);
    await Promise.all([compact(test.store), compact(test.store), sealHot(test.store), compact(test.store)]);
    expect((await test.stream()).length).toBe(200);
  });

  it('does not bring back what retention gave up meanwhile', async () => {
    await sealedInParts([spread(100, 5000 * day), spread(100, 5000 * day + 50)]);
    const snapshot = await test.store.snapshot(); // keeps the files on the disk, so that a merge could read them
    await Promise.all([retain(test.store, { maxAgeSeconds: day, maxBytes: 0 }, 6000 * day), compact(test.store)]);
    snapshot.close();
    expect((await test.stream()).length).toBe(0);
  });

  it('leaves large files alone and ends', () => {
    const entry = { path: '', shape: 'named', day: 0, bytes: 1, sha256: '' } as const;
    const at = (minTime: number, maxTime: number, rows: number, path: string) => ({
      ...entry,
      path,
      minTime,
      maxTime,
      rows,
      minId: minTime,
      maxId: maxTime,
    });
    const merged = (files: readonly FileEntry[]) => worthCompacting(files).map((group) => group.map((file) => file.path).join(''));
    const large = [at(0, 9, 4_000_000, 'a'), at(10, 19, 10, 'b'), at(20, 29, 4_000_000, 'c')];
    const small = [at(30, 39, 10, 'd'), at(40, 49, 10, 'e'), at(50, 59, 10, 'f'), at(60, 69, 10, 'g')];
    expect(merged([...large, ...small])).toEqual(['defg']);
    // What lies one behind the other needs no merging while it is little.
    expect(merged([...large, ...small.slice(1)])).toEqual([]);
    expect(merged([...large, ...small.slice(2), at(55, 61, 10, 'h')])).toEqual(['fhg']);
  });
});

describe('retention', () => {
  it('gives up days by age and then the oldest by size, and tells how much', async () => {
    for (const at of [1, 4000, 4001, 4002]) {
      await test.bring('named', spread(100, at * day));
      await sealHot(test.store);
    }
    expect(await retain(test.store, { maxAgeSeconds: day, maxBytes: 0 }, 4002 * day + 10)).toEqual({ files: 1, rows: 100 });
    const left = test.store.files.map((file) => file.bytes).reduce((a, b) => a + b);
    expect(await retain(test.store, { maxAgeSeconds: 0, maxBytes: left - 1 }, 4002 * day)).toEqual({ files: 1, rows: 100 });
    expect(test.store.files.map((file) => file.day)).toEqual([4001, 4002]);
    expect((await test.sealedPaths()).length).toBe(2);
  });
});

describe('a snapshot', () => {
  it('sees each row exactly once, whatever is sealed, merged and forgotten beside it', async () => {
    for (let at = 0; at < 6; at++) {
      await test.bring('named', spread(4000, 4000 * day + at * 1000));
      if (at % 2 === 0) await sealHot(test.store);
    }
    const all: Record<string, unknown>[][] = [];
    let isBusy = true;
    const reader = async (direction: 'ascending' | 'descending'): Promise<void> => {
      while (isBusy) all.push(await streamRows(test.store, { direction }, () => sleep(5)));
    };
    const reading = Promise.all([reader('ascending'), reader('descending')]);
    const seen = new Set([24_000]);
    for (let at = 0; at < 4; at++) {
      await sealHot(test.store);
      await compact(test.store);
      await test.bring('named', spread(500, 4001 * day + at * 100));
      seen.add(24_000 + (at + 1) * 500);
    }
    await sealHot(test.store);
    await retain(test.store, { maxAgeSeconds: day, maxBytes: 0 }, 4002 * day + 1);
    seen.add(2000);
    isBusy = false;
    await reading;
    expect(all.length).toBeGreaterThan(2);
    for (const rows of all) {
      expect(seen).toContain(rows.length);
      expect(new Set(idsOf(rows)).size).toBe(rows.length);
    }
    expectOrdered((await test.stream()) as Record<string, unknown>[]);
  });

  it('keeps the files it reads, which go when it is closed', async () => {
    await test.bring('named', spread(10, 4000 * day));
    await sealHot(test.store);
    const snapshot = await test.store.snapshot();
    await retain(test.store, { maxAgeSeconds: day, maxBytes: 0 }, 5000 * day);
    expect((await test.sealedPaths()).length).toBe(1);
    snapshot.close();
    await test.store.exclusively(async () => undefined);
    await expect.poll(() => test.sealedPaths()).toEqual([]);
  });

  it('is broken off when the store closes, and the store opens again', async () => {
    await test.bring('named', spread(100_000, 0));
    const gate = Promise.withResolvers<void>();
    const reading = streamRows(test.store, {}, () => gate.promise);
    const asking = summarise(test.store, everything, new AbortController().signal);
    await sleep(10);
    const ended = Promise.allSettled([reading, asking]);
    await test.store.close();
    gate.resolve();
    await ended;
    await expect(test.store.snapshot()).rejects.toBeInstanceOf(Problem);
    test.store = await Store.open(test.root, { memory: '200MB', threads: 2 });
    expect((await test.stream()).length).toBe(100_000);
  });
});

describe('opening', () => {
  it('takes away what a crash left: staged files, their second names, spilled blocks', async () => {
    await test.bring('named', spread(10, 0));
    await sealHot(test.store);
    const known = test.store.files[0]?.path as string;
    const { staging, flows } = test.store.paths;
    await test.store.close();
    await writeFile(join(staging, '000-s000009-00001.parquet'), 'x');
    await mkdir(join(flows, 'day=1971-01-01'), { recursive: true });
    await link(join(staging, '000-s000009-00001.parquet'), join(flows, 'day=1971-01-01', '000-s000009-00001.parquet'));
    await link(join(flows, known), join(staging, basename(known)));
    await mkdir(join(staging, 'spill', 'store'), { recursive: true });
    await appendFile(join(staging, 'spill', 'store', 'duckdb_temp_storage_DEFAULT-0.tmp'), 'x');
    await writeFile(join(flows, 'README'), 'a file that somebody put here');
    test.store = await Store.open(test.root, { memory: '200MB', threads: 2 });
    expect(await test.staged()).toEqual([]);
    expect(await test.sealedPaths()).toEqual([known]);
    await rm(join(flows, 'README'));
  });

  it('finishes a deletion that was begun', async () => {
    await test.bring('named', spread(10, 4000 * day));
    await sealHot(test.store);
    const unpin = test.store.pins.pin(test.store.files);
    await retain(test.store, { maxAgeSeconds: day, maxBytes: 0 }, 5000 * day);
    expect((await test.sealedPaths()).length).toBe(1);
    await test.reopen();
    unpin();
    expect(await test.sealedPaths()).toEqual([]);
  });
});
