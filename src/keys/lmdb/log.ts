/**
 * The write-ahead log: what makes a write durable. Segments (`log/000001`, `log/000002` …) of a fixed size are written from front to
 * end and were filled with zeros before, so that a write changes data alone and the disk has one thing to do. When a snapshot has made
 * the oldest of them needless they become spares, and are written over.
 */
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import { durableFlags, flushPath, isWriteDurable, syncPath } from './files.ts';
import { headAt, isWhole, recordEnd, recordHead } from './record.ts';

export type LogOptions = {
  folder: string;
  /** Begins every checksum; the store's own. */
  salt: number;
  /** Octets of a segment. A greater record has one for itself, as large as it needs. */
  segmentBytes: number;
};

type Segment = { number: number; path: string; firstSequence: number };

/** The file that the log goes on in. `isNamed` once its name outlasts a power loss: nothing may be written to it before. */
type NextSegment = { number: number; path: string; isNamed: boolean };

/** Spares that are kept at most, as many as lie between two snapshots: filling a new one takes the disk from those who wait for it. */
const sparesKept = 16;
/** What of a segment is written before the next one is made ready. */
const preparedFrom = 1 / 4;
const zeros = Buffer.alloc(2 ** 20);
/** A spare is filled in pieces, with a rest of this many milliseconds or as long as the piece took: in one go others waited 30 ms. */
const pieceBytes = 256 * 1024;
const restMs = 4;

export class Log {
  readonly #options: LogOptions;
  /** In order; the last one is being written. Those before the first record of a fresh log: none. */
  #segments: Segment[] = [];
  readonly #spares: string[] = [];
  #descriptor = -1;
  #offset = 0;
  #sequence = 0;
  #sizes = 0;
  #spareNumber = 0;
  #next: NextSegment | undefined;
  #isClosing = false;
  #preparing: Promise<void> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(options.folder)) this.#find(name);
    this.#segments.sort((a, b) => a.number - b.number);
    // A recycled file that got its new name and no record yet still begins with an old one.
    const last = this.#segments.at(-1);
    if (last !== undefined && this.#segments.some(({ firstSequence }) => firstSequence > last.firstSequence)) {
      rmSync(last.path);
      this.#segments.pop();
    }
  }

  /** Number of the last whole record; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Octets of all segments in use. */
  get sizeBytes(): number {
    return this.#sizes + this.#offset;
  }

  /**
   * Reads every whole record from `from` on, and makes the log ready to be continued behind the last. `from - 1` is what the reader has
   * already; a log that begins later, or in which a record is broken and a later one is not, throws Problem('internal').
   */
  replay(from: number, take: (bytes: Buffer, at: number) => void): void {
    const first = this.#segments.findLastIndex(({ firstSequence }) => firstSequence <= from);
    const known = this.#segments.slice(Math.max(first, 0));
    const begin = known[0]?.firstSequence ?? 1;
    if (begin > from) throw this.#damaged(`it begins with record ${begin}, expected ${from}`);
    let expected = begin;
    let last = 0;
    this.#offset = 0;
    for (const [place, { path, firstSequence }] of known.entries()) {
      if (firstSequence < expected) break; // an older round of a recycled file
      if (firstSequence > expected) throw this.#damaged(`record ${expected} is missing before ${path}`);
      const bytes = readFileSync(path);
      let at = 0;
      for (let head = headAt(bytes, at); head?.sequence === expected && isWhole(bytes, at, head, this.#options.salt); ) {
        if (expected >= from) take(bytes, at);
        at = recordEnd(at, head.length);
        expected++;
        head = headAt(bytes, at);
      }
      this.#offset = at;
      last = place;
      this.#refuseGap(bytes, at, expected, path);
    }
    if (expected < from) throw this.#damaged(`it ends with record ${expected - 1}, but the store holds ${from - 1}`);
    this.#sequence = expected - 1;
    this.#continue(known[last]);
  }

  /** Writes a record, which must be the next one, and returns when it is on the disk. When it throws, the log is as before. */
  append(bytes: Buffer): void {
    if (this.#descriptor < 0 || (this.#offset > 0 && this.#offset + bytes.length > this.#options.segmentBytes)) this.#advance();
    writeFully(this.#descriptor, bytes, this.#offset);
    if (!isWriteDurable) fdatasyncSync(this.#descriptor);
    this.#offset += bytes.length;
    this.#sequence++;
    if (this.#offset > this.#options.segmentBytes * preparedFrom) void this.prepare();
  }

  /** Makes the next segment ready, while the log is being written: going on there then waits for nothing. */
  prepare(): Promise<void> {
    if (this.#next?.isNamed === true) return Promise.resolve();
    // Not having one is no fault: `append` makes it, and tells when it cannot.
    this.#preparing ??= this.#prepareNext()
      .catch(() => {})
      .finally(() => {
        this.#preparing = undefined;
      });
    return this.#preparing;
  }

  /** Gives up the segments all of whose records are numbered `sequence` or less. */
  release(sequence: number): void {
    while (this.#segments.length > 1 && (this.#segments[1] as Segment).firstSequence <= sequence + 1) {
      const { path } = this.#segments.shift() as Segment;
      const { size } = statSync(path);
      this.#sizes -= size;
      if (this.#spares.length >= sparesKept || size !== this.#options.segmentBytes) rmSync(path);
      else {
        const spare = this.#nextSpare();
        renameSync(path, spare);
        this.#spares.push(spare);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#preparing;
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #find(name: string): void {
    const path = join(this.#options.folder, name);
    if (/^\d{6,}$/.test(name)) {
      const firstSequence = this.#firstSequence(path);
      // One that has no record was made and not used before the end.
      if (firstSequence > 0) this.#segments.push({ number: Number(name), path, firstSequence });
      else rmSync(path);
    } else if (/^spare-\d+$/.test(name) && statSync(path).size === this.#options.segmentBytes) {
      this.#spares.push(path);
      this.#spareNumber = Math.max(this.#spareNumber, Number(name.slice(6)));
    } else rmSync(path);
  }

  #firstSequence(path: string): number {
    const descriptor = openSync(path, 'r');
    try {
      const head = headAt(readStart(descriptor, recordHead), 0);
      if (head === undefined) return 0;
      return isWhole(readStart(descriptor, recordEnd(0, head.length)), 0, head, this.#options.salt) ? head.sequence : 0;
    } finally {
      closeSync(descriptor);
    }
  }

  /** A torn record is the last one ever written. When a whole one follows, the disk has lost what was acknowledged. */
  #refuseGap(bytes: Buffer, from: number, expected: number, path: string): void {
    for (let at = from; at + 8 <= bytes.length; at += 8) {
      const head = headAt(bytes, at);
      if (head !== undefined && head.sequence > expected && isWhole(bytes, at, head, this.#options.salt)) {
        throw this.#damaged(`record ${expected} is broken at octet ${from} of ${path}, but record ${head.sequence} behind it is whole`);
      }
    }
  }

  #continue(segment: Segment | undefined): void {
    if (segment === undefined) return;
    this.#segments = this.#segments.filter(({ number, firstSequence, path }) => {
      if (number <= segment.number) return true;
      if (firstSequence > this.#sequence) throw this.#damaged(`record ${this.#sequence + 1} is missing before ${path}`);
      rmSync(path);
      return false;
    });
    this.#sizes = this.#segments.slice(0, -1).reduce((sum, { path }) => sum + statSync(path).size, 0);
    this.#descriptor = openSync(segment.path, durableFlags);
    // What was read may so far be in memory alone, and others will soon have seen it.
    fdatasyncSync(this.#descriptor);
  }

  #advance(): void {
    this.#next ??= this.#name(this.#spares.pop() ?? this.#makeSpare());
    const { number, path, isNamed } = this.#next;
    if (!isNamed) syncPath(this.#options.folder);
    const descriptor = openSync(path, durableFlags);
    this.#next = undefined;
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    const before = this.#segments.at(-1);
    if (before !== undefined) this.#sizes += statSync(before.path).size;
    this.#segments.push({ number, path, firstSequence: this.#sequence + 1 });
    this.#descriptor = descriptor;
    this.#offset = 0;
  }

  async #prepareNext(): Promise<void> {
    if (this.#next === undefined) {
      const spare = this.#spares.pop() ?? (await this.#fillSpare());
      // While it was filled the log may have had to help itself.
      if (this.#next === undefined) this.#next = this.#name(spare);
      else this.#spares.push(spare);
    }
    const next = this.#next;
    await flushPath(this.#options.folder);
    next.isNamed = true;
  }

  /** Gives a spare the name of the segment behind the last. */
  #name(spare: string): NextSegment {
    const number = (this.#segments.at(-1)?.number ?? 0) + 1;
    const path = join(this.#options.folder, String(number).padStart(6, '0'));
    renameSync(spare, path);
    return { number, path, isNamed: false };
  }

  #nextSpare(): string {
    return join(this.#options.folder, `spare-${++this.#spareNumber}`);
  }

  #makeSpare(): string {
    const path = this.#nextSpare();
    const descriptor = openSync(path, 'w', 0o600);
    try {
      for (let at = 0; at < this.#options.segmentBytes; at += zeros.length) {
        writeFully(descriptor, zeros.subarray(0, this.#options.segmentBytes - at), at);
      }
      fdatasyncSync(descriptor);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
    return path;
  }

  async #fillSpare(): Promise<string> {
    const path = this.#nextSpare();
    await using file = await open(path, 'w', 0o600);
    for (let at = 0; at < this.#options.segmentBytes; at += pieceBytes) {
      // What is filled in part is removed when the log is opened again.
      if (this.#isClosing) throw new Error('the log is being closed');
      const began = performance.now();
      await file.write(zeros.subarray(0, Math.min(pieceBytes, this.#options.segmentBytes - at)), 0, undefined, at);
      await file.datasync();
      if (at + pieceBytes < this.#options.segmentBytes) await sleep(Math.max(restMs, performance.now() - began));
    }
    return path;
  }

  #damaged(detail: string): Problem {
    return new Problem('internal', `The log of keys in ${this.#options.folder} is damaged.`, {
      detail,
      hint: 'restore the data directory from a backup, or move its folder `keys` away to begin with empty keys',
    });
  }
}

/** A write that the system took in part is continued. */
function writeFully(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}

function readStart(descriptor: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, 0));
}
