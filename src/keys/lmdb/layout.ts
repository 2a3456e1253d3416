/**
 * How the trees lie in LMDB: the names of its databases and the form of their keys.
 *
 *   nodes      space:u8 depth:u16 path…                                a node (tree/codec) without its path
 *   deadlines  deadline:f64 created:f64 space:u8 depth:u16             the path of a node that ends
 *   events     space:u8 index:f64                                      changes from that index on (`history.ts`)
 *   meta       "state"                                                 how far everything is, see `state.ts`
 *
 * Numbers are big-endian, so that LMDB's byte order is theirs (positive doubles too). The depth makes one level of a directory one
 * range, already in the order of a listing; a subtree is one range for each level, and ends at the first that is empty.
 */
import { type Database, open, type RootDatabase } from 'lmdb';
import { type Space, spaces } from '../engine.ts';
import type { KeyNode } from '../tree/node.ts';
import { depthOf, type Path, root } from '../tree/path.ts';

/** LMDB's pages: of 8 KiB, because they bound the length of a key (4026 octets; 1978 with pages of 4 KiB). */
const pageSize = 8192;

/** Longest path that a key of `nodes` can hold. */
export const longestPath = 4000;

/** Address space that is set aside, not memory and not disk: the file grows as it is filled. */
const mapSize = 2 ** 40;

/** The databases of one file. */
export type Layout = {
  readonly root: RootDatabase<Buffer, string>;
  readonly nodes: Database<Buffer, string>;
  readonly deadlines: Database<Buffer, string>;
  readonly events: Database<Buffer, string>;
  readonly meta: Database<Buffer, string>;
};

// Keys are binary strings, as paths are: one copy into LMDB's key buffer and no buffer of their own.
const keyEncoder = {
  writeKey(key: string, target: Buffer, start: number): number {
    const written = target.write(key, start, 'latin1');
    if (written < key.length) throw new RangeError(`a key of ${key.length} octets does not fit`);
    return start + written;
  },
  readKey: (source: Buffer, start: number, end: number): string => source.toString('latin1', start, end),
};

/**
 * Opens the file, and makes it when it is not there. LMDB never syncs it: the log is what is durable. Threads of one process share
 * the file's map; each opens it for itself.
 */
export function openLayout(file: string, { isReadOnly = false } = {}): Layout {
  const options = { path: file, noSubdir: true, noSync: true, overlappingSync: false, noMemInit: true, pageSize, mapSize, maxDbs: 8 };
  const db = open<Buffer, string>({ ...options, encoding: 'binary', readOnly: isReadOnly });
  const named = (name: string) => db.openDB<Buffer, string>(name, { encoding: 'binary', keyEncoder } as never);
  return { root: db, nodes: named('nodes'), deadlines: named('deadlines'), events: named('events'), meta: named('meta') };
}

/** Place of a space in every table that has one entry for each. */
export const ordinalOf = (space: Space): number => (space === 'public' ? 0 : 1);

const prefixes: string[][] = spaces.map((_, ordinal) => Array.from({ length: 64 }, (_, depth) => prefixAt(ordinal, depth)));

function prefixAt(ordinal: number, depth: number): string {
  return String.fromCharCode(ordinal, depth >> 8, depth & 0xff);
}

/** Octets before the path in a key of `nodes`. */
const prefixLength = 3;

/** Key of a node. */
export function nodeKey(ordinal: number, path: Path, depth = depthOf(path)): string {
  return (prefixes[ordinal]?.[depth] ?? prefixAt(ordinal, depth)) + path;
}

/** The path in a key of `nodes`. */
export const pathIn = (key: string): Path => key.slice(prefixLength);

/** Where one level below a directory begins and ends (exclusive) in `nodes`; `level` 1 are its children. */
export function levelRange(ordinal: number, dir: Path, level: number): { start: string; end: string } {
  const inside = dir === root ? '' : dir;
  const depth = depthOf(dir) + level;
  // '0' is the character behind '/'.
  return { start: nodeKey(ordinal, `${inside}/`, depth), end: nodeKey(ordinal, `${inside}0`, depth) };
}

const scratch = Buffer.alloc(19);

/** Key of a node's deadline: by time, then by age. No two nodes of a space share `created` and depth. */
export function deadlineKey(ordinal: number, { deadline, created, path }: KeyNode): string {
  scratch.writeDoubleBE(deadline, 0);
  scratch.writeDoubleBE(created, 8);
  scratch[16] = ordinal;
  scratch.writeUInt16BE(depthOf(path), 17);
  return scratch.toString('latin1', 0, 19);
}

/** Time and space in a key of `deadlines`. */
export function deadlineIn(key: string): { deadline: number; ordinal: number } {
  scratch.write(key, 0, 'latin1');
  return { deadline: scratch.readDoubleBE(0), ordinal: scratch[16] ?? 0 };
}

/** Key of the changes that begin with an index. */
export function eventKey(ordinal: number, index: number): string {
  scratch[0] = ordinal;
  scratch.writeDoubleBE(index, 1);
  return scratch.toString('latin1', 0, 9);
}

/** Index in a key of `events`. */
export function indexInKey(key: string): number {
  scratch.write(key, 0, 'latin1');
  return scratch.readDoubleBE(1);
}
