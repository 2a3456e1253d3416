/**
 * The data directory, and the promise that only one process works on it.
 *
 * On Linux the lock is a socket in the abstract namespace (unix(7)), named by device and inode of the folder: binding it is
 * atomic, and the kernel frees it when the process ends in whatever way, so nothing stale remains after `kill -9`. Elsewhere
 * it is a file made with O_EXCL, broken when the process it names has ended. `holder.json` only tells people who it is.
 * The holder keeps the folder open, so that its inode belongs to no other one: not even to a folder of the same name, when
 * the first was removed from under a process that still runs.
 * Abstract sockets are private to a network namespace: two containers that share a folder are kept apart by the lock
 * that DuckDB takes on its file, not by this one.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { uptime } from 'node:os';
import { join, resolve } from 'node:path';
import { Problem } from './problem.ts';
import { version } from './version.ts';

/** Who works on a data directory, as `holder.json` has it. */
export type Holder = {
  pid: number;
  /** What it does there: `serve`, `import`. */
  command: string;
  /** Where it answers, once it listens. */
  address?: string;
  /** ISO 8601. */
  startedAt: string;
  version: string;
};

/** A data directory that this process holds until `release`, or until it ends. */
export type DataFolder = {
  /** Absolute. */
  path: string;
  /** Tells others where this process answers. */
  announce(address: string): void;
  release(): Promise<void>;
};

/**
 * Makes the folder if it is not there (readable by its owner alone) and takes it; Problem('conflict') says who has it.
 * `command` goes into that message of others.
 */
export async function openDataFolder(folder: string, command: string): Promise<DataFolder> {
  const path = resolve(folder);
  makeFolder(path);
  const unlock = await (process.platform === 'linux' ? lockBySocket(path) : lockByFile(path));
  const holder: Holder = { pid: process.pid, command, startedAt: new Date().toISOString(), version };
  try {
    writeHolder(path, holder);
  } catch (error) {
    await unlock();
    throw unusable(path, error);
  }
  return {
    path,
    announce: (address) => writeHolder(path, { ...holder, address }),
    release: async () => {
      // A folder that was removed and made anew may have another holder.
      const named = readHolder(path);
      if (named?.pid === holder.pid && named.startedAt === holder.startedAt) rmSync(holderFile(path), { force: true });
      await unlock();
    },
  };
}

/** Who holds the folder by its own account; undefined when nobody does or nobody says. A killed process leaves its words behind. */
export function readHolder(folder: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(holderFile(folder), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

const holderFile = (path: string): string => join(path, 'holder.json');

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw new Error('it is not a directory');
  } catch (error) {
    throw unusable(path, error);
  }
}

const unusable = (path: string, error: unknown): Problem =>
  new Problem('denied', `The data directory ${path} cannot be used.`, {
    detail: error instanceof Error ? error.message : String(error),
    hint: '--data DIR names another one',
    cause: error,
  });

// By rename, so that a reader never sees half of it.
function writeHolder(path: string, holder: Holder): void {
  const fresh = `${holderFile(path)}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(fresh, holderFile(path));
}

async function lockBySocket(path: string): Promise<() => Promise<void>> {
  const open = openFolder(path);
  const { dev, ino } = fstatSync(open);
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, `\0weir-${dev}-${ino}`);
  } catch (error) {
    closeSync(open);
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw await held(path);
    throw unusable(path, error);
  }
  server.unref();
  return () =>
    new Promise((done) => {
      server.close(() => {
        closeSync(open);
        done();
      });
    });
}

function openFolder(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw unusable(path, error);
  }
}

const listen = (server: Server, name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject).listen(name, resolve);
  });

/** How long to wait for the words of a holder that has just taken the folder and not yet written them. */
const patienceMs = 500;

async function held(path: string): Promise<Problem> {
  const until = Date.now() + patienceMs;
  let holder = readHolder(path);
  while ((holder === undefined || !isAlive(holder.pid)) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    holder = readHolder(path);
  }
  const hint =
    holder?.address === undefined
      ? 'wait until it ends, or --data DIR for another directory'
      : `--server ${holder.address} to work through it`;
  return new Problem('conflict', `${path} is in use by ${describe(holder)}.`, { hint, facts: { path, holder } });
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return 'another Weir';
  const { pid, command, address, startedAt, version: other } = holder;
  return `process ${pid} (weir ${command}, version ${other}${address === undefined ? '' : `, at ${address}`}, since ${startedAt})`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function lockByFile(path: string): Promise<() => Promise<void>> {
  const file = join(path, 'holder.lock');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
      return async () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
      if (!isStale(file)) throw await held(path);
      // Renaming is atomic: of two processes that find the same stale file only one takes it away.
      takeAway(file);
    }
  }
  throw await held(path);
}

/** True when the process that wrote the file has ended, or the machine has started since. */
function isStale(file: string): boolean {
  try {
    const isOfThisBoot = statSync(file).mtimeMs > Date.now() - uptime() * 1000;
    return !isOfThisBoot || !isAlive(Number(readFileSync(file, 'utf8')));
  } catch {
    return true;
  }
}

function takeAway(file: string): void {
  try {
    renameSync(file, `${file}.stale`);
  } catch {
    // Another process was faster; the next attempt meets its file.
  }
}
