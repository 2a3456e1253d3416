/**
 * The reading thread of one import: bytes, digest, decompression, format, parser or meter, batches. It ends by telling
 * what it found; the batches themselves go straight to the writing thread.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { receiveBytes } from '../../core/byte-port.ts';
import { type ReadPlace, readFileBytes } from '../../core/byte-source.ts';
import { decompress } from '../../core/compression.ts';
import { Problem, type ProblemParts } from '../../core/problem.ts';
import { type CallContext, serveCalls } from '../../core/thread.ts';
import { type CaptureReader, createCaptureReader, describeLink } from '../../packets/index.ts';
import { RingBroken } from '../meter/packet-ring.ts';
import { headroom } from '../meter/scan-lane.ts';
import type { Shape } from '../schema.ts';
import { BatchSender } from './batch-channel.ts';
import { CaptureIntake } from './capture-intake.ts';
import { detectFormat, detectOctets, type ImportFormat } from './detect.ts';
import { ContentDigest } from './digest.ts';
import type { Metering } from './metering.ts';
import type { TextParser } from './parser.ts';
import type { ReadArguments } from './read-arguments.ts';
import type { ReaderStart } from './read-start.ts';
import { BadRows } from './rows.ts';
import type { ImportNews, ReadReport } from './settings.ts';
import { startMetering } from './start-metering.ts';

const captureFormats = new Set<ImportFormat>(['pcap', 'pcapng']);
type TextFormat = Exclude<ImportFormat, 'pcap' | 'pcapng' | 'parquet'>;

/** Milliseconds between two reports of progress. */
const newsEveryMs = 100;

/** What a format's intake does with the bytes, and what it can tell at the end. */
type Intake = {
  push(bytes: Uint8Array): void | Promise<void>;
  end(): void | Promise<void>;
  report(): Partial<ReadReport>;
};

class ImportReading {
  readonly #args: ReadArguments;
  readonly #context: CallContext;
  readonly #digest = new ContentDigest();
  readonly #badRows: BadRows;
  #sender: BatchSender | undefined;
  #metering: Metering | undefined;
  #format: ImportFormat | undefined;
  #intake: Intake | undefined;
  /** Where the file is read to; where it is compressed what is read is not what comes out. */
  readonly #place: ReadPlace = {};
  #isCompressed = false;
  #bytesRead = 0;
  #packets: () => number = () => 0;
  /** The parser of a text, for what it can tell when the text breaks off. */
  #parser: TextParser | undefined;
  #lastNews = 0;

  constructor(args: ReadArguments, context: CallContext) {
    this.#args = args;
    this.#context = context;
    this.#badRows = new BadRows(args.settings.skipBad);
  }

  async run(): Promise<ReadReport> {
    const problem = await this.#readAll();
    const warnings =
      problem === undefined ? [] : [`kept what came before a fault: ${[problem.title, problem.detail].filter(Boolean).join(': ')}`];
    const intake = this.#intake as Intake;
    await intake.end();
    this.#sender?.end();
    if (this.#sender === undefined && this.#metering === undefined) this.#args.link.port.postMessage(null);
    const report = intake.report();
    return {
      digest: this.#digest.text(),
      spooled: undefined,
      skipped: {},
      metered: 0,
      capture: undefined,
      ...this.#news(),
      ...report,
      badRows: this.#badRows.kept,
      warnings: [...(report.warnings ?? []), ...warnings],
    };
  }

  /** Feeds everything; a fault in a capture is returned where the good part shall be kept. */
  async #readAll(): Promise<Problem | undefined> {
    try {
      for await (const bytes of this.#content()) {
        this.#context.signal.throwIfAborted();
        await (this.#intake as Intake).push(bytes);
        this.#tellNews();
      }
      return undefined;
    } catch (error) {
      const isCapture = this.#format !== undefined && captureFormats.has(this.#format);
      if (!(error instanceof Problem) || !isCapture || !this.#args.settings.keepGood || this.#packets() === 0) throw error;
      return error;
    }
  }

  /** The unpacked bytes; the format is known and its intake ready before the first of them is given. */
  async *#content(): AsyncGenerator<Uint8Array> {
    const unpacked = this.#unpacked();
    try {
      const { head, fault } = await this.#head(unpacked);
      // Of a capture, what came before a fault may be worth keeping.
      if (fault === undefined || this.#isCapture(head)) {
        await this.#begin(head);
        yield head;
      }
      if (fault !== undefined) throw fault.error;
      for await (const bytes of unpacked) {
        this.#digest.add(bytes);
        yield bytes;
      }
    } finally {
      await unpacked.return(undefined);
    }
  }

  /** As much of the beginning as tells the format, or as there is before the end or a fault. */
  async #head(unpacked: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array; fault?: { error: unknown } }> {
    let head: Uint8Array = new Uint8Array(0);
    try {
      while (head.length < detectOctets) {
        const next = await unpacked.next();
        if (next.done === true) break;
        this.#digest.add(next.value);
        head = Buffer.concat([head, next.value]);
      }
      return { head };
    } catch (error) {
      return { head, fault: { error } };
    }
  }

  #isCapture(head: Uint8Array): boolean {
    try {
      return captureFormats.has(this.#args.settings.format ?? detectFormat(head));
    } catch {
      return false; // not even recognised
    }
  }

  /** A compressed file that is cut or damaged says how much before that place was good. */
  async *#unpacked(): AsyncGenerator<Uint8Array> {
    try {
      const noteCompression = (): void => {
        this.#isCompressed = true;
      };
      for await (const bytes of decompress(this.#counted(), noteCompression)) {
        yield bytes;
      }
    } catch (error) {
      throw error instanceof Problem ? this.#withGoodRows(error) : error;
    }
  }

  #withGoodRows(problem: Problem): Problem {
    const parser = this.#parser;
    if (parser === undefined) return problem;
    const good = `${parser.rows} rows before it were good, up to line ${parser.lines}; none was kept`;
    const { code, title, detail, ...rest } = problem.toMessage();
    return new Problem(code, title, {
      ...(rest as ProblemParts),
      detail: detail === undefined ? good : `${detail} ${good}`,
      facts: { ...rest.facts, rows_good: parser.rows, line: parser.lines },
      cause: problem,
    });
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    const { origin } = this.#args;
    const source = 'path' in origin ? readFileBytes(origin.path, this.#place) : receiveBytes(origin.port);
    for await (const bytes of source) {
      this.#bytesRead += bytes.length;
      yield bytes;
    }
  }

  async #begin(head: Uint8Array): Promise<void> {
    this.#format = this.#args.settings.format ?? detectFormat(head);
    this.#intake = await this.#createIntake(this.#format);
  }

  async #createIntake(format: ImportFormat): Promise<Intake> {
    if (format === 'pcap' || format === 'pcapng') return await this.#captureIntake();
    if (format === 'parquet') return this.#spoolIntake();
    return await this.#textIntake(format);
  }

  #open(shape: Shape, hasOrdinals: boolean): BatchSender {
    this.#sender = new BatchSender(this.#args.link, shape, hasOrdinals);
    return this.#sender;
  }

  async #textIntake(format: TextFormat): Promise<Intake> {
    const parser = await this.#createParser(format);
    this.#parser = parser;
    return {
      push: (bytes) => parser.push(bytes),
      end: () => parser.end(),
      report: () => ({ warnings: wentBack(parser.unordered) }),
    };
  }

  async #createParser(format: TextFormat): Promise<TextParser> {
    const [{ createCsvParser }, { createNdjsonParser }, { createJsonParser }, { createLanlParser }] = await loadParsers();
    const { epoch } = this.#args.settings;
    const own = { badRows: this.#badRows, open: (shape: Shape) => this.#open(shape, true) };
    if (format === 'csv') return createCsvParser(own);
    if (format === 'ndjson') return createNdjsonParser(own);
    if (format === 'json') return createJsonParser(own);
    return createLanlParser({ format, emit: this.#open('named', true), badRows: this.#badRows, epoch });
  }

  async #captureIntake(): Promise<Intake> {
    const { meter: settings } = this.#args.settings;
    const metering = await startMetering(settings, this.#args.link, this.#args.bytesTotal);
    this.#metering = metering;
    const intake = new CaptureIntake(metering, settings.tunnels);
    const reader = createCaptureReader(intake);
    this.#packets = () => reader.packets;
    if (!this.#isCompressed) this.#place.buffer = metering.input;
    return {
      push: async (bytes) => {
        await metering.ready;
        try {
          pushThrough(reader, bytes, metering.input);
        } catch (error) {
          if (error instanceof RingBroken) await metering.end(); // rejects with the reason
          throw error;
        }
      },
      end: async () => {
        reader.end();
        await metering.end();
      },
      report: () => ({
        skipped: intake.skipped,
        metered: intake.counts[0] as number,
        warnings: reader.remarks,
        capture: {
          kind: reader.kind,
          byte_order: reader.byteOrder,
          links: [...new Set(reader.interfaces.map((link) => describeLink(link.linkType)))],
          interfaces: reader.interfaces.length,
          dropped: reader.dropped,
          ether_types: Object.fromEntries(
            [...intake.etherTypes].map(([type, count]) => [`0x${type.toString(16).padStart(4, '0')}`, count]),
          ),
        },
      }),
    };
  }

  /** Parquet has its directory at its end: the file is put down and the writer reads it. */
  #spoolIntake(): Intake {
    const path = join(this.#args.staging, `spool-${this.#args.importId}.tmp`);
    const file = createWriteStream(path, { mode: 0o600 });
    return {
      push: async (bytes) => {
        if (!file.write(Uint8Array.from(bytes))) await once(file, 'drain');
      },
      end: async () => {
        file.end();
        await once(file, 'close');
      },
      report: () => ({ spooled: path }),
    };
  }

  #news(): ImportNews {
    const flows = this.#metering?.flows ?? (this.#sender?.rows ?? 0) + (this.#sender?.batch.count ?? 0);
    return { format: this.#format, bytesRead: this.#bytesRead, packets: this.#packets(), flows, rowsBad: this.#badRows.count };
  }

  #tellNews(): void {
    const now = performance.now();
    if (now - this.#lastNews < newsEveryMs) return;
    this.#lastNews = now;
    this.#context.tell(this.#news());
  }
}

const wentBack = (rows: number): string[] =>
  rows === 0 ? [] : [`${rows === 1 ? '1 row goes' : `${rows} rows go`} back in time; all were taken as they are`];

/** Has a reader read from memory where the meter's quick way is open. */
const pushThrough = (reader: CaptureReader, bytes: Uint8Array, input: Uint8Array): void => {
  if (bytes.buffer === input.buffer) {
    reader.push(bytes, headroom);
    return;
  }
  for (let at = 0; at < bytes.length; at += input.length) {
    const piece = bytes.subarray(at, at + input.length);
    input.set(piece);
    reader.push(input.subarray(0, piece.length), headroom);
  }
};

/** What texts alone need. */
const loadParsers = () => Promise.all([import('./csv.ts'), import('./ndjson.ts'), import('./json-array.ts'), import('./lanl.ts')]);

if (parentPort === null) throw new Error('read-thread.ts runs as a worker thread');
// While it waits to be told its file.
void ((workerData as ReaderStart | null)?.metersSoon === true ? import('./metering-thread.ts') : loadParsers());
serveCalls(parentPort, { read: (args: ReadArguments, context) => new ImportReading(args, context).run() });
