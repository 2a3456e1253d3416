/**
 * Whole servers are killed (SIGKILL) at random moments while clients read, write, swap and queue keys over HTTP, with either engine. What
 * was answered is there afterwards, no index was given twice, and what was seen of shared keys is linearizable across the kills.
 *
 *   WEIR_KILLS=50 vitest run test/keys/kill-http.test.ts     more of them
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';
import { Clients } from './http-clients.ts';
import { isLinearizable } from './linearizability.ts';
import { freePort } from './v2-servers.ts';

const kills = Number(process.env.WEIR_KILLS ?? 2);
const program = new URL('../../src/main.ts', import.meta.url).pathname;

/** A whole Weir that can be killed and started again where it was. */
class Victim {
  readonly url: string;
  readonly #words: string[];
  #child: ChildProcess | undefined;

  constructor(folder: string, port: number, settings: readonly string[]) {
    this.url = `http://127.0.0.1:${port}`;
    const set = [`keys.listen=127.0.0.1:${port}`, ...settings].flatMap((setting) => ['--set', setting]);
    this.#words = [program, 'serve', '--data', folder, '--listen', '127.0.0.1:0', '--log-level', 'error', ...set];
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#words, { stdio: 'ignore' });
    this.#child = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error('the server did not start');
      const answer = await fetch(`${this.url}/health`).catch(() => undefined);
      await answer?.text();
      if (answer?.status === 200) return;
      await sleep(20);
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** What holds at the end, whoever was killed meanwhile. */
async function verify(clients: Clients, url: string): Promise<void> {
  const queue = await clients.look(url);
  const there = new Map(queue.map(({ key, value }) => [key, value]));
  for (const [key, value] of clients.pushed) expect(there.get(key), key).toBe(value);
  for (const { key, value = '', createdIndex } of queue) {
    expect(clients.begun, key).toContain(value);
    expect(Number(key.slice(key.lastIndexOf('/') + 1))).toBe(createdIndex);
    // One that was not answered took an index of its own, too.
    const who = clients.indexes.get(createdIndex);
    if (who !== undefined) expect(who).toBe(`create ${key} ${value}`);
  }
  expect(new Set(queue.map(({ value }) => value)).size, 'a push was done twice').toBe(queue.length);
  for (const [key, operations] of Map.groupBy(clients.seen, ({ key: of }) => of)) {
    expect(isLinearizable(operations), `what was seen of ${key}`).toBe(true);
  }
  expect(clients.pushed.size).toBeGreaterThan(10);
  console.info(
    `kill -9 over HTTP: ${clients.answers} answers, ${clients.seen.length} operations on registers, ${queue.length} in the queue`,
  );
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-kill-http-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test(`the embedded engine keeps its word to clients through ${kills} kills`, { timeout: 60_000 + kills * 20_000 }, () =>
  withFolder(async (folder) => {
    const server = new Victim(join(folder, 'data'), await freePort(), []);
    const clients = new Clients([server.url]);
    try {
      await server.start();
      clients.start(16);
      for (let kill = 0; kill < kills; kill++) {
        await clients.hear(Math.floor(Math.random() ** 2 * 1000));
        await server.kill();
        await server.start();
      }
      await clients.hear(200);
      await clients.stop();
      await verify(clients, server.url);
    } finally {
      await clients.stop();
      await server.kill();
    }
  }),
);

describe.skipIf(noEtcd !== undefined)('[needs etcd: apt install etcd-server etcd-client]', () => {
  test('two servers on a cluster keep their word when one of them and a member are killed', { timeout: 120_000 }, () =>
    withFolder(async (folder) => {
      const cluster = await startCluster({ members: 3 });
      const settings = ['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`];
      const servers = await Promise.all([0, 1].map(async (at) => new Victim(join(folder, `data${at}`), await freePort(), settings)));
      const clients = new Clients(servers.map(({ url }) => url));
      try {
        await Promise.all(servers.map((server) => server.start()));
        clients.start(12);
        for (const server of servers) {
          await clients.hear(Math.floor(Math.random() ** 2 * 300));
          await server.kill();
          await server.start();
        }
        await killLeader(cluster);
        await clients.hear(100);
        await clients.stop();
        await verify(clients, servers[0]?.url ?? '');
      } finally {
        await clients.stop();
        await Promise.all(servers.map((server) => server.kill()));
        await cluster.stop();
      }
    }),
  );
});

const killLeader = async (cluster: EtcdCluster): Promise<void> => await (await cluster.leader()).kill();
