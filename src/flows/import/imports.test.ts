import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log.ts';
import { flowsDefaults } from '../defaults.ts';
import { createFlows, type Flows } from '../flows.ts';
import { columns, publishedColumns } from '../schema.ts';
import type { ImportRecord } from './import-record.ts';
import type { ImportOrigin, ImportRun } from './imports.ts';
import { type ImportWords, readImportWords } from './words.ts';

const everything = {
  bounds: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
  condition: '',
  parameters: [],
  ingestedAfterUs: undefined,
};

let root: string;
let flows: Flows;

const open = async (): Promise<void> => {
  flows = createFlows(flowsDefaults, {
    dataFolder: root,
    log: createLog({ level: 'silent' }),
    clock: systemClock,
  });
  await flows.start();
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-imports-'));
  await open();
});
afterEach(async () => {
  const { findings } = await flows.store.check();
  expect(findings).toEqual([]);
  expect(await staged()).toEqual([]);
  await flows.stop();
  await rm(root, { recursive: true, force: true });
});

const staged = async (): Promise<string[]> =>
  (await readdir(join(root, 'staging'), { recursive: true })).filter((name) => name !== 'spill');
const start = (origin: ImportOrigin, words: ImportWords = {}): Promise<ImportRun> =>
  flows.imports.start(readImportWords(words, 4096), origin, null);
const streamOf = (bytes: Uint8Array): ImportOrigin => ({
  stream: (async function* () {
    for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000);
  })(),
});
const bring = async (content: string | Uint8Array, words: ImportWords = {}): Promise<ImportRecord> =>
  (await start(streamOf(Buffer.from(content)), words)).done;

const collect = async (format: 'csv' | 'ndjson' | 'parquet', fields = columns.map((column) => column.name)): Promise<Buffer> => {
  const blocks: Buffer[] = [];
  const onBlock = (block: Uint8Array<ArrayBuffer>, release: () => void): void => {
    blocks.push(Buffer.from(block));
    release();
  };
  const query = {
    ...everything,
    format,
    fields,
    direction: 'ascending',
    limit: undefined,
    offset: 0,
    bigint: 'number',
    header: 'present',
  } as const;
  await flows.store.stream(query, { onBlock });
  return Buffer.concat(blocks);
};
const rows = async (...fields: ('id' | 'time' | 'src_comp' | 'byte_count')[]): Promise<Record<string, unknown>[]> =>
  (await collect('ndjson', fields))
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Lines of LANL 2015: in order of time, some names longer than DuckDB keeps in place. */
const lanl = (count: number, salt = '', secondsPerRow = 1 / 8): string[] =>
  Array.from(
    { length: count },
    (_, at) =>
      `${1 + Math.floor(at * secondsPerRow)},${at % 9},C${at % 997}${salt},N${at % 77},C-with-a-name-of-length-${at % 13}${salt},443,6,${1 + (at % 50)},${at * 3 + 3}`,
  );

describe('an import of text', () => {
  it('gives a file in an empty store its line numbers for ids, over bad lines too', async () => {
    const lines = lanl(20_000);
    for (const bad of [0, 1, 8191, 8192, 12_345]) lines[bad] = 'not a flow';
    const record = await bring(lines.join('\n'), { skip_bad: 'all', format: 'lanl-2015' });
    expect(record).toMatchObject({ state: 'done', flows: 19_995, rows_bad: 5 });
    const got = await rows('id', 'byte_count');
    expect(got.length).toBe(19_995);
    for (const { id, byte_count: octets } of got) if (Number(octets) !== Number(id) * 3) throw new Error(`id ${id} is not a line number`);
  });

  it('gives the ids of a failed import to the next', async () => {
    const failing = bring([...lanl(30_000), 'broken'].join('\n'), { format: 'lanl-2015' });
    await expect(failing).rejects.toMatchObject({ code: 'unprocessable', facts: { line: 30_001 } });
    expect(await staged()).toEqual([]);
    expect(flows.imports.list().at(-1)).toMatchObject({ state: 'failed' });
    await bring(lanl(3).join('\n'));
    expect((await rows('id')).map((row) => row.id)).toEqual([1, 2, 3]);
  });

  it('refuses the same content, however it is packed, and takes it with again', async () => {
    const text = lanl(500).join('\n');
    const first = await bring(text);
    await expect(bring(gzipSync(text))).rejects.toMatchObject({ code: 'conflict', facts: { import: first.id } });
    await expect(bring(zstdCompressSync(text))).rejects.toMatchObject({ code: 'conflict' });
    await bring(text, { again: true });
    expect((await rows('id')).length).toBe(1000);
  });

  it('refuses one of two that bring the same content at once', async () => {
    const text = lanl(5000).join('\n');
    const ended = await Promise.allSettled([bring(text), bring(text)]);
    expect(ended.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await rows('id')).length).toBe(5000);
  });

  it('tells of a gzip file that was cut how many rows were good, and keeps none', async () => {
    const lines = lanl(40_000, 'x');
    const whole = gzipSync(lines.join('\n'));
    const failing = bring(whole.subarray(0, whole.length >> 1));
    const problem = (await failing.then(
      () => undefined,
      (error: unknown) => error,
    )) as { facts: { rows_good: number; line: number }; detail: string };
    expect(problem).toMatchObject({ code: 'unprocessable' });
    expect(problem.facts.rows_good).toBeGreaterThan(5000);
    expect(problem.facts.rows_good).toBeLessThan(40_000);
    expect(problem.facts.line).toBe(problem.facts.rows_good);
    expect(problem.detail).toContain(`${problem.facts.rows_good} rows before it were good`);
    expect(await rows('id')).toEqual([]);
  });

  it('tells how many packets or rows a cut file had even when it ends within the first block', async () => {
    const whole = gzipSync(lanl(20).join('\n'));
    await expect(bring(whole.subarray(0, whole.length - 12))).rejects.toMatchObject({ code: 'unprocessable' });
  });

  it('brings LANL out as CSV octet for octet', async () => {
    const lines = lanl(150_000, '', 2);
    await bring(`${lines.join('\n')}\n`);
    const csv = (
      await collect(
        'csv',
        [...publishedColumns].filter((name) => name !== 'id'),
      )
    ).toString();
    expect(csv.slice(csv.indexOf('\n') + 1).replaceAll('\r', '') === `${lines.join('\n')}\n`).toBe(true);
  });

  it.each(['csv', 'ndjson', 'parquet'] as const)('takes its own %s back again', async (format) => {
    await bring([...lanl(3000), ...lanl(3000, 'b', 20)].join('\n'));
    const before = await collect('ndjson', [
      'time',
      'duration',
      'src_comp',
      'src_port',
      'dst_comp',
      'dst_port',
      'protocol',
      'packet_count',
      'byte_count',
      'start_time',
      'src_port_num',
    ]);
    const content = await collect(format);
    await flows.stop();
    await rm(root, { recursive: true });
    await open();
    const record = await bring(content);
    expect(record).toMatchObject({ format, flows: 6000 });
    const after = await collect('ndjson', [
      'time',
      'duration',
      'src_comp',
      'src_port',
      'dst_comp',
      'dst_port',
      'protocol',
      'packet_count',
      'byte_count',
      'start_time',
      'src_port_num',
    ]);
    expect(sortedLines(after)).toEqual(sortedLines(before));
  });

  it('takes a Parquet file of many days as files of days', async () => {
    // More than the store keeps hot, so that files come of it.
    await bring(lanl(101_000, '', 12).join('\n'));
    const content = await collect('parquet');
    await bring(content, { again: true });
    expect(await flows.store.extent()).toMatchObject({ rows: 202_000 - (await flows.store.extent()).hotRows });
    expect((await flows.store.extent()).hotRows).toBeLessThanOrEqual(101_000);
  });
});

const sortedLines = (ndjson: Buffer): string[] => ndjson.toString().split('\n').sort();

describe('a Parquet file', () => {
  it('that is none, or has no such columns, is refused and leaves nothing', async () => {
    await expect(bring(Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(5000), Buffer.from('PAR1')]))).rejects.toMatchObject({
      code: 'unprocessable',
    });
    await bring(lanl(10).join('\n'));
    await expect(bring(await collect('parquet', ['time', 'src_comp']))).rejects.toMatchObject({ code: 'unprocessable' });
    expect((await rows('id')).length).toBe(10);
  });
});

describe('imports', () => {
  /** Gives lines until it is told to stop. */
  const endless = (salt: string): { origin: ImportOrigin; given: () => number } => {
    let given = 0;
    const block = Buffer.from(`${lanl(5000, salt, 0).join('\n')}\n`);
    const stream = (async function* () {
      for (;;) {
        given += block.length;
        yield block;
        await sleep(1);
      }
    })();
    return { origin: { stream }, given: () => given };
  };

  it('that are given up leave nothing, in whatever state they are', async () => {
    const runs = await Promise.all(['a', 'b', 'c', 'd'].map((salt) => start(endless(salt).origin, { format: 'lanl-2015' })));
    for (const [at, run] of runs.entries()) {
      await sleep(at * 400);
      expect(flows.imports.abort(run.record.id)).toBe(true);
      await expect(run.done).rejects.toMatchObject({ code: 'gone' });
      expect(run.record.state).toBe('failed');
    }
    expect(flows.imports.running).toBe(0);
    expect(await rows('id')).toEqual([]);
  });

  it('give up one that waits for its turn at once, and take the next', async () => {
    const busy = await Promise.all(['a', 'b'].map((salt) => start(endless(salt).origin, { format: 'lanl-2015' })));
    const waiting = await start(endless('c').origin, { format: 'lanl-2015' });
    const last = await start(streamOf(Buffer.from(lanl(10).join('\n'))));
    expect([waiting.record.state, last.record.state]).toEqual(['waiting', 'waiting']);
    waiting.abort();
    await expect(waiting.done).rejects.toMatchObject({ code: 'gone' });
    busy[0]?.abort();
    expect((await last.done).state).toBe('done');
    busy[1]?.abort();
    await Promise.allSettled(busy.map((run) => run.done));
  });

  it('hold their sender back and not its bytes', async () => {
    const senders = ['a', 'b', 'c'].map(endless);
    const runs = await Promise.all(senders.map(({ origin }) => start(origin, { format: 'lanl-2015' })));
    await sleep(300);
    expect(senders[2]?.given()).toBe(0);
    for (const run of runs) run.abort();
    await Promise.allSettled(runs.map((run) => run.done));
  });

  it('fail as the sender failed', async () => {
    const stream = (async function* () {
      yield Buffer.from(lanl(50_000).join('\n'));
      throw new Error('the socket broke');
    })();
    await expect((await start({ stream }, { format: 'lanl-2015' })).done).rejects.toMatchObject({ code: 'unavailable' });
    expect(await rows('id')).toEqual([]);
  });

  it('fail at once when the writer cannot write, and free the reader', async () => {
    const run = await start(endless('w').origin, { format: 'lanl-2015' });
    // Staging becomes a place where nothing can be made: a file in the stead of the folder.
    await sleep(50);
    await rm(join(root, 'staging'), { recursive: true });
    await writeFile(join(root, 'staging'), '');
    await expect(run.done).rejects.toMatchObject({ code: 'internal' });
    await rm(join(root, 'staging'));
    await flows.stop();
    await open();
  });

  it('go in several at once', async () => {
    const ended = await Promise.all(Array.from({ length: 8 }, (_, at) => bring(lanl(6000, `-${at}-${randomUUID()}`).join('\n'))));
    expect(ended.map((record) => record.state)).toEqual(Array(8).fill('done'));
    const ids = (await rows('id')).map((row) => row.id);
    expect(new Set(ids).size).toBe(48_000);
  });

  it('are known after a restart, failed ones too', async () => {
    await bring(lanl(10).join('\n'), { name: 'good' });
    await bring('what is this\n', { name: 'bad', format: 'lanl-2015' }).catch(() => undefined);
    await flows.stop();
    await open();
    expect(flows.imports.list().map(({ name, state }) => [name, state])).toEqual([
      ['good', 'done'],
      ['bad', 'failed'],
    ]);
    await expect(bring(lanl(10).join('\n'))).rejects.toMatchObject({ code: 'conflict' });
  });
});
