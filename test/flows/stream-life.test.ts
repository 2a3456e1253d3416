/**
 * How a stream lives and ends: the first rows come before the last are read, a slow reader costs no memory, one that hangs
 * up frees its query, and a failure in the middle is seen by the client. The store holds two million rows, so that nothing
 * of this fits a socket's buffers. How fast it is, and a hundred million rows, are matters of `bench/`.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lanlRows } from '../../bench/lanl-rows.ts';
import { madeTraffic, pcapOf } from './made-captures.ts';
import { RunningServer, type Words } from './running-server.ts';

const rows = 2_000_000;
const days = 8;
const stream = '/api/v1/stream/flows';

let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
  const body = Readable.toWeb(Readable.from(lanlRows({ rows, days }))) as BodyStream;
  const answer = await fetch(server.address('/api/v1/imports'), { method: 'POST', body, duplex: 'half' });
  const { id } = (await answer.json()) as { id: number };
  expect(await server.importOver(id)).toMatchObject({ state: 'done', flows: rows });
}, 300_000);
afterAll(() => server.stop());

type BodyStream = NonNullable<RequestInit['body']>;

/** An answer that has begun, and is read only as far as the test reads it. */
const begin = (words: Words = {}, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(server.address(stream, words), { agent: false, headers }, (answer) => resolve(answer.pause())).on('error', reject);
  });

const firstBlock = async (answer: IncomingMessage): Promise<Buffer> => {
  for (;;) {
    const block = answer.read() as Buffer | null;
    if (block !== null) return block;
    await new Promise((resolve) => answer.once('readable', resolve));
  }
};

/** Requests under way but for the one that asks. */
const othersUnderWay = async (): Promise<number> => (await server.metric('weir_http_requests_in_flight')) - 1;

/** Processor time that the server uses in a moment, as a part of one processor. */
const load = async (): Promise<number> => {
  const [before, began] = [server.processorTime() ?? 0, performance.now()];
  await sleep(500);
  return ((server.processorTime() ?? 0) - before) / (performance.now() - began);
};

describe('memory and the first row', () => {
  test.each(['json', 'csv', 'arrow'])('%s: a slow reader gets the first rows at once, and costs no memory', async (format) => {
    const before = server.peakMemory();
    const answer = await begin({ format });
    expect((await firstBlock(answer)).length).toBeGreaterThan(0);
    // Whoever reads nothing is sent nothing: were the answer gathered somewhere, its hundreds of megabytes would show.
    for (let pause = 0; pause < 5; pause++) {
      await sleep(100);
      await firstBlock(answer);
    }
    expect(await othersUnderWay()).toBe(1);
    if (before !== undefined) expect((server.peakMemory() ?? 0) - before).toBeLessThan(150e6);
    answer.destroy();
    await expect.poll(othersUnderWay).toBe(0);
  });

  test('all rows arrive, in bounded memory', async () => {
    const before = server.peakMemory();
    let lines = 0;
    for await (const part of await begin({ format: 'ndjson', fields: 'id,time' })) {
      const block = part as Buffer;
      for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) lines++;
    }
    expect(lines).toBe(rows);
    if (before !== undefined) expect((server.peakMemory() ?? 0) - before).toBeLessThan(150e6);
  });
});

describe('a client that hangs up', () => {
  test.each<[what: string, words: Words, headers: Record<string, string>]>([
    ['in the middle of JSON', {}, {}],
    ['in the middle of Parquet', { format: 'parquet' }, {}],
    ['in the middle of gzip', { format: 'csv' }, { 'accept-encoding': 'gzip' }],
    ['in the middle of a sort', { order: '-time' }, {}],
  ])('%s frees its query', async (_what, words, headers) => {
    const answers = await Promise.all(Array.from({ length: 3 }, () => begin(words, headers)));
    await Promise.all(answers.map(firstBlock));
    expect(await othersUnderWay()).toBe(3);
    for (const answer of answers) answer.destroy();
    await expect.poll(othersUnderWay, { interval: 50 }).toBe(0);
    // Nothing works on for nobody, and nothing of it is left on disk.
    await expect.poll(load).toBeLessThan(0.3);
    await expect.poll(() => server.staged()).toEqual([]);
  });

  test('before the first row frees its query', async () => {
    const controller = new AbortController();
    // No statistics of a file tell that it has no such name, so all of them are read.
    const words = { filter: 'host C5x and not host C6x', fields: 'all' };
    const asked = Array.from({ length: 8 }, () => server.get(stream, words, { signal: controller.signal }).catch(() => undefined));
    await expect.poll(othersUnderWay, { interval: 1 }).toBeGreaterThan(0);
    controller.abort();
    await Promise.all(asked);
    await expect.poll(othersUnderWay, { interval: 50 }).toBe(0);
    await expect.poll(load).toBeLessThan(0.3);
  });
});

test('health is answered while an import and eight streams run', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => begin({ format: 'ndjson' })));
  for (const answer of answers) answer.resume();
  const importing = server.imported(pcapOf(madeTraffic(3000).frames), { again: true });
  const waits: number[] = [];
  for (let ask = 0; ask < 20; ask++) {
    const began = performance.now();
    expect((await server.get('/healthz')).status).toBe(200);
    waits.push(performance.now() - began);
    await sleep(20);
  }
  // Far more than it takes, for the sake of busy machines, and of the streams that this very process reads meanwhile: a loop
  // that waits for a query would take seconds.
  expect(waits.toSorted((a, b) => a - b)[10]).toBeLessThan(10_000);
  for (const answer of answers) answer.destroy();
  await importing;
});

describe('a failure in the middle of an answer', () => {
  const parquetFiles = (): string[] =>
    readdirSync(join(server.folder, 'flows'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.parquet'))
      .toSorted()
      .map((name) => join(server.folder, 'flows', name));

  /** Makes what the last file holds unreadable, while answers that have begun are still far from it. */
  const damageLast = (): void => {
    const path = parquetFiles().at(-1) as string;
    writeFileSync(path, Buffer.alloc(4096, 0x55));
  };

  test('breaks the connection: fetch and curl see an error, never a whole answer', async () => {
    const lastDays = { scanned_after: (days - 2) * 86_400 };
    // From the first day on: of the last two, all may have been read before it is damaged. Two fields are enough, and soon read.
    const fields = 'id,time';
    const answers = [await begin({ fields }), await begin({ fields, format: 'csv' }, { 'accept-encoding': 'gzip' })];
    await Promise.all(answers.map(firstBlock));
    damageLast();
    for (const answer of answers) {
      expect(answer.statusCode).toBe(200);
      await expect(
        (async () => {
          for await (const _part of answer);
        })(),
      ).rejects.toThrow(/aborted|reset/i);
    }
    const fetched = await server.get(stream, lastDays);
    expect(fetched.status).toBe(200);
    await expect(fetched.arrayBuffer()).rejects.toThrow();
    if (spawnSync('curl', ['--version']).status === 0) {
      const curl = promisify(execFile)('curl', ['-sS', '-o', '/dev/null', server.address(stream, lastDays)]);
      await expect(curl).rejects.toMatchObject({ code: expect.any(Number) });
    }
    expect(server.isAlive).toBe(true);
    await expect.poll(othersUnderWay).toBe(0);
  });

  test('what does not touch the damage is still answered; what begins with it is a problem', async () => {
    expect(await server.json<unknown[]>(stream, { scanned_before: 86_399, limit: 5 })).toHaveLength(5);
    const answer = await server.get('/api/v1/flows/summary');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ code: 'internal' });
  });
});
