/**
 * Where a space stands in the cluster:
 *
 *   PREFIX/SPACE/index                      the index, in decimal digits; every write of the space moves it
 *   PREFIX/SPACE/n/DEPTH/…path              one entry for each node (see tree/codec), the depth in three digits
 *   PREFIX/SPACE/e/LAST/COUNT               the changes of one transaction: its last index in 20 digits, and how many it took or passed over
 *   PREFIX/SPACE/t/DEADLINE/…path           empty; one for each node that ends, the deadline in 16 digits of milliseconds
 *   PREFIX/sweeper                          which server ends nodes, as long as its lease lives
 *
 * The depth makes a listing of one level one range in the order of the names; the index of the last change, and not the first,
 * makes "all from this index on" a range too.
 */
import type { Space } from '../engine.ts';
import { depthOf, type Path, root } from '../tree/path.ts';

/** Depths beyond this one do not fit into the key. */
export const maxDepth = 999;

/** Deadlines beyond this one (the year 287168) are filed under it: nobody sees them come. */
const lastDeadline = 9_000_000_000_000_000;

/** A range of keys: `end` is behind the last one. */
export type KeyRange = { key: Buffer; end: Buffer };

/** The lock of the server that ends nodes. */
export const sweeperKey = (prefix: string): Buffer => Buffer.from(`${prefix}/sweeper`);

/** Keys as binary strings, one character a byte, since that is what paths are; `bytesOf` makes them what is sent. */
export class Layout {
  readonly counter: Buffer;
  readonly #base: string;

  constructor(prefix: string, space: Space) {
    this.#base = `${Buffer.from(prefix).toString('latin1')}/${space}`;
    this.counter = bytesOf(`${this.#base}/index`);
  }

  node(path: Path): string {
    return this.#level(depthOf(path)) + path;
  }

  /** The keys of what lies so many levels (1 or more) below a directory. */
  below(dir: Path, levels: number): [start: string, end: string] {
    const start = this.#level(depthOf(dir) + levels) + (dir === root ? '' : dir);
    // '0' follows '/'.
    return [`${start}/`, `${start}0`];
  }

  deadline(deadline: number, path: Path): string {
    return `${this.#base}/t/${deadlineDigits(deadline)}${path}`;
  }

  /** The deadlines up to a moment. */
  due(now: number): KeyRange {
    return { key: bytesOf(`${this.#base}/t/`), end: bytesOf(`${this.#base}/t/${deadlineDigits(now + 1)}`) };
  }

  /** `count`: indexes since the record before. */
  event(last: number, count: number): string {
    return `${this.#base}/e/${digits(last)}/${count}`;
  }

  /** The records that hold changes of this index or later ones. */
  eventsFrom(index: number): KeyRange {
    return { key: bytesOf(`${this.#base}/e/${digits(index)}`), end: bytesOf(`${this.#base}/e0`) };
  }

  /** The records of which every change is older than this index. */
  eventsBefore(index: number): [start: string, end: string] {
    return [`${this.#base}/e/`, `${this.#base}/e/${digits(index)}`];
  }

  /** The path that a key of a node or a deadline ends in. */
  pathOf(key: Buffer): Path {
    const text = key.toString('latin1', this.#base.length + 3);
    return text.slice(text.indexOf('/'));
  }

  /** The first index behind the record before, and the last one of this record. */
  spanOf(key: Buffer): [first: number, last: number] {
    const [last = 0, count = 0] = key
      .toString('latin1', this.#base.length + 3)
      .split('/')
      .map(Number);
    return [last - count + 1, last];
  }

  #level(depth: number): string {
    return `${this.#base}/n/${String(depth).padStart(3, '0')}`;
  }
}

export const bytesOf = (key: string): Buffer => Buffer.from(key, 'latin1');

const digits = (index: number): string => String(index).padStart(20, '0');
const deadlineDigits = (deadline: number): string => String(Math.min(Math.max(0, Math.floor(deadline)), lastDeadline)).padStart(16, '0');
