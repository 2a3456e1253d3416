/**
 * The folder of a key store, and how it comes back after whatever end the last process had.
 *
 *   store.json     who this store is, and what is known of how it was left
 *   tree.mdb       the trees, by LMDB; never synced while in use (and `tree.mdb-lock`, LMDB's table of readers)
 *   log/           the write-ahead log: what is durable
 *   snapshot.mdb   a synced copy of the trees, behind which the log goes on
 *
 * After a clean close, and after the death of the process alone, `tree.mdb` is whole: what LMDB wrote is in the system's page cache, and
 * the log is at most some batches ahead of it. When the machine stopped, or the folder was copied while in use, `tree.mdb` may be torn
 * anywhere; then it is made again from the snapshot and the log.
 */
import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import type { CommitSignal } from './commit-signal.ts';
import { readIfThere, syncPath, writeWhole } from './files.ts';
import type { Limits } from './limits.ts';
import { Log } from './log.ts';
import { Store } from './store.ts';

/** What is in `store.json`. */
type Identity = {
  format: 1;
  /** Sixteen hex digits at most, without leading zeros. */
  clusterId: string;
  memberId: string;
  /** Begins every checksum of the log. */
  salt: number;
  /** `tree.mdb` was synced and has not been written since. */
  isClean: boolean;
  /** The run of the machine in which `tree.mdb` was last written; empty where the system does not tell. */
  bootId: string;
  /** Device and inode of `tree.mdb`: a copy of it is another file. */
  file: string;
};

export type FolderOptions = { path: string; limits: Limits; segmentBytes: number; signal: CommitSignal };

/** A store that is open: its parts, and the promise that they agree. */
export type OpenFolder = {
  readonly path: string;
  readonly store: Store;
  readonly log: Log;
  readonly identity: Readonly<Identity>;
  /** What had to be done to open it, for the operator's log. */
  readonly recovery: Recovery;
  /** Syncs everything and marks it clean. */
  close(): Promise<void>;
};

export type Recovery = {
  /** How the store was left. */
  kind: 'new' | 'clean' | 'killed' | 'power-loss';
  /** Records of the log that were applied again. */
  replayed: number;
};

const bootIdFile = '/proc/sys/kernel/random/boot_id';
/** Records applied in one transaction of LMDB. */
const replayedAtOnce = 256;

/** File names within the folder. */
export const names = { identity: 'store.json', tree: 'tree.mdb', lock: 'tree.mdb-lock', snapshot: 'snapshot.mdb', log: 'log' } as const;

/** Opens the folder, makes it when it is not there, mends it when it was not closed. Problem('internal') when it is beyond that. */
export async function openFolder({ path, limits, segmentBytes, signal }: FolderOptions): Promise<OpenFolder> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const known = readIdentity(path);
  const identity = known ?? makeIdentity(path);
  const kind = known === undefined ? 'new' : howLeft(path, known);
  if (kind === 'power-loss') restoreTree(path);
  // From here on the file is written, and nothing but a clean close may call it clean.
  if (kind === 'clean') writeIdentity(path, { ...identity, isClean: false, bootId: bootId(), file: fileId(join(path, names.tree)) });
  const store = new Store(join(path, names.tree), limits, signal);
  try {
    const log = new Log({ folder: join(path, names.log), salt: identity.salt, segmentBytes });
    const replayed = replay(store, log);
    const current: Identity = { ...identity, isClean: false, bootId: bootId(), file: fileId(store.file) };
    writeIdentity(path, current);
    return {
      path,
      store,
      log,
      identity: current,
      recovery: { kind, replayed },
      close: async () => {
        await log.close();
        await store.close();
        syncPath(store.file);
        writeIdentity(path, { ...current, isClean: true });
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function readIdentity(path: string): Identity | undefined {
  const text = readIfThere(join(path, names.identity));
  if (text !== undefined) return JSON.parse(text) as Identity;
  const others = readdirSync(path).filter((name) => name === names.tree || name === names.log || name === names.snapshot);
  if (others.length === 0) return undefined;
  throw new Problem('internal', `${join(path, names.identity)} is missing.`, {
    detail: `${others.join(' and ')} cannot be read without it`,
    hint: 'restore the data directory from a backup',
  });
}

function makeIdentity(path: string): Identity {
  const salt = randomBytes(4).readUInt32LE();
  const identity: Identity = { format: 1, clusterId: randomId(), memberId: randomId(), salt, isClean: false, bootId: bootId(), file: '' };
  writeIdentity(path, identity);
  return identity;
}

// Clients print it as they find it, and some read it as a number: never zero, and no leading zeros.
const randomId = (): string => (randomBytes(8).readBigUInt64LE() | 1n).toString(16);

const writeIdentity = (path: string, identity: Identity): void =>
  writeWhole(join(path, names.identity), `${JSON.stringify(identity, undefined, 2)}\n`);

function howLeft(path: string, identity: Identity): Recovery['kind'] {
  const isSameFile = fileId(join(path, names.tree)) === identity.file;
  // A clean file may be copied: all of it was on the disk.
  if (identity.isClean && fileId(join(path, names.tree)) !== '') return 'clean';
  return isSameFile && identity.bootId !== '' && identity.bootId === bootId() ? 'killed' : 'power-loss';
}

/** Device and inode; empty when there is no such file. */
function fileId(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}`;
}

function bootId(): string {
  try {
    return readFileSync(bootIdFile, 'utf8').trim();
  } catch {
    return ''; // not Linux: no unclean end is known to have spared the machine
  }
}

function restoreTree(path: string): void {
  const tree = join(path, names.tree);
  rmSync(tree, { force: true });
  rmSync(join(path, names.lock), { force: true });
  const snapshot = join(path, names.snapshot);
  if (statSync(snapshot, { throwIfNoEntry: false }) !== undefined) copyFileSync(snapshot, tree, constants.COPYFILE_FICLONE);
}

function replay(store: Store, log: Log): number {
  let replayed = 0;
  let waiting: { bytes: Buffer; at: number }[] = [];
  const repeat = (): void => {
    store.transact(() => {
      for (const { bytes, at } of waiting) store.repeat(bytes, at);
    });
    replayed += waiting.length;
    waiting = [];
  };
  log.replay(store.state.sequence + 1, (bytes, at) => {
    waiting.push({ bytes, at });
    if (waiting.length >= replayedAtOnce) repeat();
  });
  if (waiting.length > 0) repeat();
  return replayed;
}
