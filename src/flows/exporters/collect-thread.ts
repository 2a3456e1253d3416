/**
 * The collecting thread: sockets, decoder, and batches that go to the writing thread. Nothing else runs here, so that what
 * arrives is read before the kernel's buffer is full.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Socket as Connection, createServer, type Server } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { serveCalls } from '../../core/thread.ts';
import type { BatchLink } from '../import/batch-channel.ts';
import { Decoder, type Sender } from './decoder.ts';
import { type ExporterState, exporterStates } from './exporter-state.ts';
import { type DecoderLimits, decoderLimits } from './limits.ts';
import { type ExportListener, isAllowed, parseAllowed, parseExportListener, plainAddress } from './listen.ts';
import { readMapping } from './mapping.ts';
import { RowSender } from './row-channel.ts';
import { MessageFramer } from './stream-framer.ts';
import type { OutCounters } from './template.ts';
import { describeTemplates, readTemplates, writeTemplates } from './template-file.ts';

export type CollectArguments = {
  link: BatchLink;
  listen: readonly string[];
  allow: readonly string[];
  /** Octets of receive buffer to ask the kernel for. */
  buffer: number;
  /** Sockets on each UDP address. */
  sockets: number;
  /** Batches in use at once. */
  batches: number;
  /** Milliseconds between two cuts. */
  every: number;
  templateFile: string;
  /** Path of the mapping file, or empty. */
  elements: string;
  macs: boolean;
  outCounters: OutCounters;
  sampling: number;
  byPort: boolean;
  waitingMs: number;
  waitingSets: number;
  templateMs: number;
};

/** One address that is listened on, as it is told. */
export type ListenerState = {
  transport: 'udp' | 'tcp';
  host: string;
  port: number;
  /** Sockets on it; for TCP connections that are open. */
  sockets: number;
  /** Octets of receive buffer that were asked for and that the kernel gave; null for TCP. */
  buffer_wanted: number | null;
  buffer: number | null;
  datagrams: number;
  /** From addresses that are not allowed, or beyond what is kept of exporters. */
  refused: number;
};

export type CollectState = {
  listeners: ListenerState[];
  exporters: ExporterState[];
  /** How often, and for how many milliseconds, the writer was waited for. */
  waits: number;
  waited_ms: number;
  /** Why templates could not be kept or read, or null. */
  template_problem: string | null;
};

/** Connections at once on one TCP listener. */
const mostConnections = 64;
/** Senders whose admission is remembered; others are looked up again. */
const mostRemembered = 4096;

type Bound = { state: ListenerState; close: () => Promise<void> };

class Collecting {
  readonly #args: CollectArguments;
  readonly #allowed;
  readonly #rows: RowSender;
  readonly #decoder: Decoder;
  readonly #limits: DecoderLimits;
  readonly #bound: Bound[] = [];
  /** By address (and port): the sender, or null where it is not allowed. */
  readonly #senders = new Map<string, Sender | null>();
  #templateProblem: string | null;
  #keptRevision = 0;
  #keeping: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  #streams = 0;

  constructor(args: CollectArguments) {
    this.#args = args;
    this.#allowed = parseAllowed(args.allow);
    this.#rows = new RowSender(args.link, args.batches);
    const { macs, outCounters, sampling, waitingMs, waitingSets, templateMs } = args;
    this.#limits = { ...decoderLimits, waitingMs, waitingSets, templateMs };
    const elements = args.elements === '' ? {} : { elements: readMapping(args.elements) };
    this.#decoder = new Decoder(this.#rows, { limits: this.#limits, macs, outCounters, sampling, ...elements });
    this.#templateProblem = readTemplates(args.templateFile, this.#decoder, this.#limits) ?? null;
  }

  async start(): Promise<ListenerState[]> {
    try {
      for (const text of this.#args.listen) {
        const listener = parseExportListener(text);
        this.#bound.push(listener.transport === 'udp' ? await this.#bindUdp(listener) : await this.#bindTcp(listener));
      }
    } catch (error) {
      await this.#closeAll();
      throw error;
    }
    this.#timers = [setInterval(() => this.#rows.cut(), this.#args.every), setInterval(() => this.#tick(), 1000)];
    return this.#bound.map(({ state }) => state);
  }

  state(): CollectState {
    return {
      listeners: this.#bound.map(({ state }) => state),
      exporters: exporterStates(this.#decoder),
      waits: this.#rows.waits,
      waited_ms: Math.round(this.#rows.waitedMs),
      template_problem: this.#templateProblem,
    };
  }

  /** What was read is on its way to the writer when this resolves. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#closeAll();
    this.#rows.end();
    this.#keepTemplates();
    await this.#keeping;
  }

  async #closeAll(): Promise<void> {
    await Promise.all(this.#bound.map(({ close }) => close()));
  }

  async #bindUdp(listener: ExportListener): Promise<Bound> {
    const { host, port } = listener;
    const state: ListenerState = { ...listener, sockets: 0, buffer_wanted: this.#args.buffer, buffer: null, datagrams: 0, refused: 0 };
    const sockets: Socket[] = [];
    for (let i = 0; i < this.#args.sockets; i++) {
      const socket = createSocket({
        type: host.includes(':') ? 'udp6' : 'udp4',
        recvBufferSize: this.#args.buffer,
        reusePort: this.#args.sockets > 1,
        ipv6Only: host.includes(':'),
      });
      socket.on('message', (bytes, { address, port: source }) => this.#take(bytes, address, source, state));
      socket.bind({ address: host, port: state.port, exclusive: true });
      await bindingOf(socket, listener);
      socket.on('error', () => undefined); // what a socket tells later (ICMP errors) is of no use to a receiver
      sockets.push(socket);
      state.port = socket.address().port || port;
      state.sockets++;
      // Linux doubles what is asked for, for its own book-keeping (socket(7)).
      state.buffer = Math.floor(socket.getRecvBufferSize() / 2);
    }
    const close = (): Promise<void> =>
      Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve)))).then(() => undefined);
    return { state, close };
  }

  #take(bytes: Buffer, from: string, port: number, state: ListenerState): void {
    state.datagrams++;
    const sender = this.#senderOf(from, port);
    if (sender === null) state.refused++;
    else this.#decoder.decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), sender, Date.now());
  }

  #senderOf(from: string, port: number): Sender | null {
    const key = this.#args.byPort ? `${from}#${port}` : from;
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const sender = this.#admit(from, port);
    if (this.#senders.size >= mostRemembered) this.#senders.clear();
    this.#senders.set(key, sender);
    return sender;
  }

  #admit(from: string, port: number): Sender | null {
    const address = plainAddress(from);
    if (!isAllowed(address, this.#allowed)) return null;
    const name = this.#args.byPort ? portName(address, port) : address;
    const exporter = this.#decoder.exporter(name, address);
    return exporter === undefined ? null : { exporter, isStream: false };
  }

  async #bindTcp(listener: ExportListener): Promise<Bound> {
    const { host, port } = listener;
    const state: ListenerState = { ...listener, sockets: 0, buffer_wanted: null, buffer: null, datagrams: 0, refused: 0 };
    const server = createServer({ keepAlive: true, noDelay: true }, (connection) => this.#accept(connection, state));
    server.maxConnections = mostConnections;
    server.listen({ host, port });
    await bindingOf(server, listener);
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) state.port = bound.port;
    const open = new Set<Connection>();
    server.on('connection', (connection) => {
      open.add(connection);
      connection.once('close', () => open.delete(connection));
    });
    const close = async (): Promise<void> => {
      for (const connection of open) connection.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    };
    return { state, close };
  }

  /** A connection has templates of its own, which end with it (RFC 7011 section 8.4). */
  #accept(connection: Connection, state: ListenerState): void {
    connection.on('error', () => undefined); // it closes then
    const address = plainAddress(connection.remoteAddress ?? '');
    const name = `${portName(address, connection.remotePort ?? 0)}/tcp${++this.#streams}`;
    const exporter = isAllowed(address, this.#allowed) ? this.#decoder.exporter(name, address) : undefined;
    if (exporter === undefined) {
      state.refused++;
      connection.destroy();
      return;
    }
    state.sockets++;
    const sender: Sender = { exporter, isStream: true };
    const framer = new MessageFramer();
    connection.on('data', (bytes) => {
      const fault = framer.push(bytes as Buffer, (message) => {
        state.datagrams++;
        this.#decoder.decode(message, sender, Date.now());
      });
      if (fault === undefined) return;
      exporter.addFault(fault);
      connection.destroy();
    });
    connection.once('close', () => {
      state.sockets--;
      this.#decoder.forget(exporter);
    });
  }

  #tick(): void {
    this.#decoder.tick(Date.now());
    if (this.#decoder.revision !== this.#keptRevision) this.#keepTemplates();
  }

  #keepTemplates(): void {
    this.#keptRevision = this.#decoder.revision;
    const datagramExporters = [...this.#decoder.exporters.values()].filter(({ name }) => !name.includes('/tcp'));
    const text = describeTemplates(datagramExporters);
    this.#keeping = this.#keeping
      .then(() => writeTemplates(this.#args.templateFile, text))
      .then(
        () => {
          this.#templateProblem = null;
        },
        (error: unknown) => {
          this.#templateProblem = (error as Error).message;
        },
      );
  }
}

const portName = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

const bindingOf = async (socket: Socket | Server, { transport, host, port }: ExportListener): Promise<void> => {
  try {
    await once(socket, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const where = `${transport}://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const pointer = 'flows.exporters.listen';
    if (code === 'EADDRINUSE') throw new Problem('conflict', `${where} is taken by another process.`, { pointer });
    if (code === 'EACCES') throw new Problem('denied', `This user may not listen on ${where}.`, { pointer });
    throw new Problem('unavailable', `Weir cannot listen for exports on ${where}.`, { detail: message, pointer });
  }
};

const port = parentPort;
if (port === null) throw new Error('collect-thread.ts runs as a worker thread');
let collecting: Collecting | undefined;
serveCalls(port, {
  start: async (args: CollectArguments) => {
    collecting = new Collecting(args);
    return collecting.start();
  },
  state: async () => collecting?.state(),
  stop: async () => collecting?.stop(),
});
