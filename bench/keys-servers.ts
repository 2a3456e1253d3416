/** The servers of the benchmark `keys`: a Weir and a real etcd, as whole processes over a folder each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuMsOf, peakOctetsOf } from './weir.ts';

/** How a kind of server is started over a folder, and where it then answers `/v2/keys`. */
export type ServerKind = { name: string; command: (folder: string, port: number) => Promise<string[]> };

const weirProgram = fileURLToPath(new URL('../bin/weir', import.meta.url));

/** A Weir with its embedded engine, whose v2 surface listens by itself; `settings` are more of `--set`. */
export const weirKind = (...settings: string[]): ServerKind => ({
  name: 'weir',
  command: async (folder, port) => [
    weirProgram,
    ...['serve', '--data', folder, '--listen', '127.0.0.1:0', '--log-level', 'warn'],
    ...[`keys.listen=127.0.0.1:${port}`, ...settings].flatMap((setting) => ['--set', setting]),
  ],
});

/** A single etcd that still speaks v2, with its defaults: each write is flushed to the disk before it is answered. */
export const etcdKind = (program: string): ServerKind => ({
  name: 'etcd',
  command: async (folder, port) => {
    const peer = `http://127.0.0.1:${await freePort()}`;
    const client = `http://127.0.0.1:${port}`;
    return [
      program,
      ...['--enable-v2', '--data-dir', join(folder, 'etcd'), '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ];
  },
});

/** A running server of keys, with what the kernel knows about it. */
export class KeyServer implements AsyncDisposable {
  readonly name: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(name: string, url: string, startMs: number, child: ChildProcess) {
    this.name = name;
    this.url = url;
    this.startMs = startMs;
    this.#child = child;
  }

  /** Starts a server over `folder`; resolves at its first answer to a read of `key`, whatever it is (404 where there is none). */
  static async start(kind: ServerKind, folder: string, key = '/'): Promise<KeyServer> {
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const [program = '', ...args] = await kind.command(folder, port);
    const begun = performance.now();
    // Its words go to a file: a pipe that nobody reads would stop it.
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-2000);
    });
    const url = `http://127.0.0.1:${port}`;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${kind.name} ended with ${child.exitCode}: ${words.trim()}`);
      const answer = await fetch(`${url}/v2/keys${key}`).catch(() => undefined);
      await answer?.arrayBuffer();
      // An etcd that has no leader yet answers 500.
      if (answer !== undefined && answer.status < 500) break;
      await sleep(5);
    }
    return new KeyServer(kind.name, url, performance.now() - begun, child);
  }

  get #pid(): number {
    return this.#child.pid as number;
  }

  /** Lets the peak begin anew from what is resident now (proc(5), clear_refs). */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5');
  }

  get peakOctets(): number {
    return peakOctetsOf(this.#pid);
  }

  /** Resident memory by kind: what is the process's own, and pages of files that the kernel may take back. */
  get resident(): { own: number; files: number } {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    const octets = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
    return { own: octets('RssAnon'), files: octets('RssFile') + octets('RssShmem') };
  }

  get cpuMs(): number {
    return cpuMsOf(this.#pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }
}

/** Runs `work` with a server over an empty folder below `parent`, which is removed afterwards. */
export async function withServer<T>(kind: ServerKind, parent: string, work: (server: KeyServer) => Promise<T>): Promise<T> {
  const folder = join(parent, `keys-${kind.name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  try {
    await using server = await KeyServer.start(kind, folder);
    return await work(server);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
