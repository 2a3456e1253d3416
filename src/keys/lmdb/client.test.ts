import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineClient } from './client.ts';
import { CommitSignal } from './commit-signal.ts';
import { openLayout } from './layout.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { FromKeeper, ToKeeper } from './messages.ts';

let folder = '';
let client: EngineClient;
let channel: MessageChannel;
const said: ToKeeper[] = [];

/** A client of an engine that says nothing but that it is there. */
const begin = async (limits: Partial<Limits> = {}): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'weir-client-'));
  const file = join(folder, 'tree.mdb');
  await openLayout(file).root.close();
  channel = new MessageChannel();
  channel.port2.on('message', (message: ToKeeper) => said.push(message));
  const identity = { clusterId: '1', memberId: '2', startedAt: new Date() };
  client = new EngineClient({
    port: channel.port1,
    file,
    signal: new CommitSignal().shared,
    limits: { ...defaultLimits, ...limits },
    ...identity,
  });
  channel.port2.postMessage({ type: 'attached', indexes: [3, 3] } satisfies FromKeeper);
  await client.start();
};
const set = (path = '/a', value = new Uint8Array(10)): Promise<unknown> => client.write('public', [{ action: 'set', path, value }]);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'clearInterval', 'clearTimeout'] });
});
afterEach(async () => {
  await client.stop();
  channel.port2.close();
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

test('gives up a write that is not answered in time, and takes its late outcome for nobody', async () => {
  await begin();
  const first = set();
  const refused = expect(first).rejects.toMatchObject({ kind: 'unavailable', cause: 'the disk does not answer in time' });
  vi.advanceTimersByTime(8000);
  await refused;
  const second = set();
  const missing = expect(second).rejects.toMatchObject({ kind: 'not-found', cause: '/b', index: 9 });
  const outcomes = Int32Array.of(0, -1, 0, -1);
  const faults: [['exists', string, number], ['not-found', string, number]] = [
    ['exists', '/a', 8],
    ['not-found', '/b', 9],
  ];
  channel.port2.postMessage({ type: 'batch', record: undefined, outcomes, faults } satisfies FromKeeper);
  await missing;
});

test('refuses at once what would wait behind too much', async () => {
  await begin({ waitingWrites: 3, waitingBytes: 1000 });
  const waiting = [set(), set(), set()];
  await expect(set()).rejects.toMatchObject({ kind: 'unavailable', cause: 'too many writes wait for the disk' });
  await client.stop();
  for (const each of waiting) await expect(each).rejects.toMatchObject({ kind: 'unavailable', cause: 'the key store was closed' });
});

test('refuses what is beyond a limit, with limit and size', async () => {
  await begin({ valueBytes: 9, pathBytes: 30, transactionOperations: 1 });
  await expect(set()).rejects.toMatchObject({ kind: 'too-large', cause: 'a value of 10, at most 9' });
  await expect(set(`/${'p'.repeat(30)}`)).rejects.toMatchObject({ cause: 'a path of 31, at most 30' });
  await expect(client.write('public', [{ action: 'create-in-order', path: '/0123456789' }])).rejects.toMatchObject({
    cause: 'a path of 32, at most 30',
  });
  await expect(
    client.write('public', [
      { action: 'delete', path: '/a' },
      { action: 'delete', path: '/b' },
    ]),
  ).rejects.toMatchObject({ kind: 'too-large' });
});

test('says that it is not ready when the engine does not answer', async () => {
  await begin();
  const unready = client.unready();
  vi.advanceTimersByTime(1000);
  expect(await unready).toBe('the engine of the keys does not answer');
});
