/**
 * A part of a stream that is read and encoded without DuckDB: some rows of sealed files as they lie there. Runs in whatever
 * thread is told to (`plain-encoders.ts`); what it sends, one block after the other, are the rows and nothing else.
 */
import { join } from 'node:path';
import { setImmediate as messagesCome } from 'node:timers/promises';
import type { CallContext } from '../../core/thread.ts';
import { BlockPool, blockOctets } from '../encode/block.ts';
import { createEncoder, type EncodedFormat, type EncodeOptions } from '../encode/encode.ts';
import type { Encoder } from '../encode/encoder.ts';
import { encodedFields } from '../encode/field.ts';
import { Unreadable } from '../parquet/read-fault.ts';
import { type FileColumn, ParquetReader } from '../parquet/read-file.ts';
import type { RowGroup } from '../parquet/read-footer.ts';
import { Scratch } from '../parquet/scratch.ts';
import { Vector, vectorRows } from '../parquet/vector.ts';
import type { ColumnName, Shape } from '../schema.ts';
import { type PlainLayout, plainLayout } from './plain-columns.ts';
import type { TimeBounds } from './slices.ts';
import { type Turn, Turns } from './turns.ts';

/** A sealed file, and how many rows the catalog knows it to have. */
export type PlainFile = { path: string; shape: Shape; rows: number };

/** What is to be read and encoded. */
export type PlainPart = {
  /** The folder of the files, which are read one after the other. */
  folder: string;
  files: PlainFile[];
  /** Rows `[from, to)` of the only file; undefined for all. */
  rows: { from: number; to: number } | undefined;
  /** Bounds of `time`; undefined where no row is outside. */
  within: TimeBounds | undefined;
  /** Rows to pass over, and rows at most, of those that are left. */
  skip: number;
  limit: number;
  fields: ColumnName[];
  /** The shape of the whole stream. */
  shape: Shape;
  format: EncodedFormat;
  bigint: NonNullable<EncodeOptions['bigint']>;
  /** Whether the first rows shall leave before the first block is full. */
  isEarly: boolean;
};

/** Where blocks go, and come back to be filled again. */
export type Sink = Pick<CallContext, 'send' | 'spare' | 'signal'>;

/** Rows `[from, to)` of a row group. */
type Span = { group: RowGroup; from: number; to: number };

/** Buffers that came back, for whatever part runs next in this thread. */
const pool = new BlockPool(blockOctets, 12);

/** Memory of parts that have ended, some megabytes each, for those that come; what many streams at once had goes. */
const scratches: Scratch[] = [];
const mostScratches = 3;

/**
 * What the rows of a part are encoded with: some 2 MB, which the next part of the same stream uses again. Made anew for each
 * part, it had V8 collect all garbage twenty times in a stream of ten million rows.
 */
type Kit = { key: string; encoder: Encoder; layouts: Map<Shape, Layout> };
type Layout = PlainLayout & { vectors: Vector[] };

/** Kits of parts that have ended well, the last one used last. */
const kits: Kit[] = [];
const mostKits = 2;

const takeKit = async ({ fields, shape, format, bigint }: PlainPart): Promise<Kit> => {
  const key = [format, bigint, shape, ...fields].join();
  const known = kits.findLastIndex((kit) => kit.key === key);
  if (known >= 0) return kits.splice(known, 1)[0] as Kit;
  const encoder = await createEncoder(format, encodedFields(fields, shape), { bigint, pool, continues: true });
  return { key, encoder, layouts: new Map() };
};

const giveKit = (kit: Kit): void => {
  if (kits.push(kit) > mostKits) kits.shift();
};

/** Parts at once in this thread: while one waits for its client the other goes on, and each has some 8 MB. First rows do not wait for others. */
const turns = { usual: new Turns(2), early: new Turns(1) };

const time: FileColumn = { name: 'time', type: 'BIGINT' };

/** Sends the rows of a part and returns how many they were. `Unreadable` where a file is better left to DuckDB. */
export const encodePlain = async (part: PlainPart, sink: Sink): Promise<number> => {
  const turn = await (part.isEarly ? turns.early : turns.usual).take(sink.signal);
  try {
    const kit = await takeKit(part);
    const running = new PlainEncoding(part, sink, { kit, turn });
    for (const file of part.files) await running.read(file);
    const rows = await running.end();
    giveKit(kit); // what has broken off may hold rows still
    return rows;
  } finally {
    turn.end();
  }
};

class PlainEncoding {
  readonly #part: PlainPart;
  readonly #sink: Sink;
  readonly #encoder: Encoder;
  readonly #kit: Kit;
  readonly #turn: Turn;
  #toSkip: number;
  #left: number;
  #rows = 0;

  constructor(part: PlainPart, sink: Sink, { kit, turn }: { kit: Kit; turn: Turn }) {
    this.#part = part;
    this.#sink = sink;
    this.#kit = kit;
    this.#turn = turn;
    this.#encoder = kit.encoder;
    this.#toSkip = part.skip;
    this.#left = part.limit;
  }

  async read(file: PlainFile): Promise<void> {
    if (this.#left <= 0) return;
    const scratch = scratches.pop() ?? new Scratch();
    try {
      await this.#readWith(scratch, file);
    } finally {
      if (scratches.length < mostScratches) scratches.push(scratch);
      else scratch.release();
    }
  }

  async #readWith(scratch: Scratch, { path, shape, rows }: PlainFile): Promise<void> {
    const { columns, makers, vectors } = this.#layout(shape);
    const reader = ParquetReader.open(join(this.#part.folder, path), columns, scratch, [time]);
    try {
      if (reader.rows !== rows) throw new Unreadable(`${path} has ${reader.rows} rows in place of ${rows}`);
      for (const span of this.#spans(reader)) {
        const group = reader.read(span.group, columns, span.to - span.from);
        group.skip(span.from);
        for (let left = span.to - span.from; left > 0; ) {
          const count = group.read(left, vectors);
          left -= count;
          this.#encoder.rows(
            makers.map((make) => make(vectors, count)),
            count,
          );
          this.#rows += count;
          await this.#sendBlocks();
        }
      }
    } finally {
      reader.close();
    }
  }

  #layout(shape: Shape): Layout {
    const known = this.#kit.layouts.get(shape);
    if (known !== undefined) return known;
    const plain = plainLayout(this.#part.fields, this.#part.shape, shape);
    const layout = { ...plain, vectors: plain.columns.map(({ type }) => new Vector(type)) };
    this.#kit.layouts.set(shape, layout);
    return layout;
  }

  async end(): Promise<number> {
    this.#encoder.flush();
    await this.#sendBlocks();
    return this.#rows;
  }

  /** What is to be read of each row group of a file. */
  *#spans(reader: ParquetReader): Iterable<Span> {
    const { rows = { from: 0, to: reader.rows }, within } = this.#part;
    let first = 0;
    for (const group of reader.groups) {
      const from = Math.max(0, rows.from - first);
      const to = Math.min(group.rows, rows.to - first);
      first += group.rows;
      const span = this.#cut(within === undefined ? { group, from, to } : spanWithin(reader, group, within));
      if (span.from < span.to) yield span;
    }
  }

  /** Without the rows that are to be passed over, and those that are too many. */
  #cut({ group, from, to }: Span): Span {
    const skipped = Math.min(this.#toSkip, Math.max(0, to - from));
    const begin = from + skipped;
    const count = Math.min(this.#left, Math.max(0, to - begin));
    this.#toSkip -= skipped;
    this.#left -= count;
    return { group, from: begin, to: begin + count };
  }

  async #sendBlocks(): Promise<void> {
    const encoder = this.#encoder;
    const sink = this.#sink;
    if (this.#part.isEarly && this.#rows <= vectorRows) encoder.flush();
    let block = encoder.take();
    if (block === null) return;
    for (; block !== null; block = encoder.take()) await this.#turn.wait(sink.send(block as Uint8Array<ArrayBuffer>));
    await messagesCome(); // buffers that came back are told by messages, and so is that nobody wants the rest
    for (let spare = sink.spare(); spare !== undefined; spare = sink.spare()) pool.give(spare);
    sink.signal.throwIfAborted();
  }
}

/** The rows of a row group that lie within bounds of time. Files are in order of time, which is looked at once more. */
const spanWithin = (reader: ParquetReader, group: RowGroup, { from, to }: TimeBounds): Span => {
  const { min, max } = group.chunks.get('time') ?? {};
  const outside: Span = { group, from: 0, to: 0 };
  if (min?.length === 8 && Number(Buffer.from(min).readBigInt64LE()) > to) return outside;
  if (max?.length === 8 && Number(Buffer.from(max).readBigInt64LE()) < from) return outside;
  const times = reader.read(group, [time]);
  const vector = new Vector(time.type);
  const vectors = [vector];
  const span = { group, from: 0, to: 0 };
  let last = Number.NEGATIVE_INFINITY;
  for (let left = group.rows; left > 0; ) {
    const count = times.read(left, vectors);
    left -= count;
    if (vector.validity !== null) throw new Unreadable('a row has no time');
    for (let row = 0; row < count; row++) {
      const at = (vector.u32[row * 2 + 1]! | 0) * 4294967296 + vector.u32[row * 2]!;
      if (at < last) throw new Unreadable('rows are not in order of time');
      last = at;
      if (at < from) span.from++;
      if (at <= to) span.to++;
    }
  }
  return span;
};
