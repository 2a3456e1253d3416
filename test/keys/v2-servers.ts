/** The two that are compared: a real etcd that speaks v2, and Weir's keys on a listener of their own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { systemClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { createKeys, keysSettings } from '../../src/keys/index.ts';
import { serverSettings } from '../../src/server/config.ts';

export type V2Server = { port: number; url: string; stop(): Promise<void> };

const etcd = ['/usr/bin/etcd', '/usr/local/bin/etcd'].find(existsSync);

/** Why nothing can be compared with a real etcd here; undefined when it can. */
export const noEtcd = etcd === undefined ? 'needs etcd 3.4 or 3.5: apt install etcd-server' : undefined;
if (noEtcd !== undefined) console.warn(`skipped: ${noEtcd}`);

/** A fresh etcd with one member and its v2 API. */
export async function startEtcd(): Promise<V2Server> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-etcd-v2-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const words = ['--enable-v2', '--data-dir', folder, '--logger', 'zap', '--log-level', 'error', '--initial-cluster', `default=${peer}`];
  words.push(
    '--listen-client-urls',
    url,
    '--advertise-client-urls',
    url,
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
  );
  const child = spawn(etcd ?? 'etcd', words, { stdio: 'ignore' });
  await untilHealthy(port);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, url, stop };
}

/** Weir's keys, with settings as `--set` takes them. */
export async function startWeir(assignments: readonly string[] = []): Promise<V2Server> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-keys-v2-'));
  const port = await freePort();
  const settings = Type.Object({ keys: keysSettings, server: serverSettings });
  const config = loadConfig(settings, { assignments: [`keys.listen=127.0.0.1:${port}`, ...assignments] });
  const log = createLog({ level: 'warn' });
  const keys = createKeys(config.keys, { dataFolder: folder, log, clock: systemClock, door: config.server });
  await keys.start();
  await keys.listen();
  const stop = async () => {
    await keys.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, url: `http://127.0.0.1:${port}`, stop };
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A fresh member writes its own membership and the cluster's version first: they take the indexes up to 3. */
const isSettled = ({ statusCode, headers }: IncomingMessage): boolean => statusCode === 200 && Number(headers['x-etcd-index']) >= 3;

async function untilHealthy(port: number): Promise<void> {
  for (let isHealthy = false; !isHealthy; await sleep(20)) {
    isHealthy = await new Promise<boolean>((resolve) => {
      get(`http://127.0.0.1:${port}/v2/keys`, (response) => resolve(isSettled(response.resume()))).on('error', () => resolve(false));
    });
  }
}
