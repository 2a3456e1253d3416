import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { FromDriver, ToDriver } from '../driver-link.ts';
import { FrameReader, frameHead, frameOf } from '../frames.ts';
import { errorOutput } from '../statement.ts';
import { Engine, type EngineLimits, type Loan } from './engine.ts';

/** What is in `start.json`. */
export type SqlSettings = EngineLimits & { reconnectMs: number };

type Run = Extract<ToDriver, { type: 'run' }>;

/** Serves one server at a time, the latest; runs one query after the other. */
export class SqlDriver {
  readonly #folder: string;
  readonly #settings: SqlSettings;
  readonly #server: Server;
  readonly #unconfirmed = new Map<number, Buffer>();
  #peer: Socket | undefined;
  #aloneSince = performance.now();
  #engine: Engine | undefined;
  #seen = -1;
  #running: number | undefined;
  #cancelled = -1;
  #queue: Promise<void> = Promise.resolve();
  #loan: ((answer: Loan & { error?: string }) => void) | undefined;

  constructor(folder: string, settings: SqlSettings) {
    this.#folder = folder;
    this.#settings = settings;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /** True when no server has come for too long. */
  get isForsaken(): boolean {
    return this.#peer === undefined && performance.now() - this.#aloneSince > this.#settings.reconnectMs;
  }

  async listen(): Promise<void> {
    // The name is relative to the working directory, which is the folder: the address of a socket is short (unix(7)).
    process.umask(0o177);
    await new Promise<void>((resolve) => this.#server.listen('driver.sock', resolve));
    process.umask(0o077);
  }

  async open(): Promise<void> {
    this.#engine = await Engine.open(this.#settings, { files: join(this.#folder, 'flows'), spill: join(this.#folder, 'tmp') });
    this.#send({ type: 'ready', info: {} });
  }

  #welcome(socket: Socket): void {
    this.#peer?.destroy();
    this.#peer = socket;
    const reader = new FrameReader();
    socket.on('data', (piece) => {
      for (const frame of reader.push(piece)) this.#hear(JSON.parse(frame.toString('utf8')) as ToDriver);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#peer !== socket) return;
      this.#peer = undefined;
      this.#aloneSince = performance.now();
      this.#loan?.({ version: '', sql: '', error: 'the server is away' });
    });
    const done = [...this.#unconfirmed.keys()];
    const info = this.#engine === undefined ? null : {};
    this.#send({ type: 'hello', pid: process.pid, seen: this.#seen, running: this.#running ?? null, info, done });
    for (const [id, output] of this.#unconfirmed) this.#sendDone(id, output);
  }

  #hear(message: ToDriver): void {
    if (message.type === 'run') {
      this.#seen = message.id;
      this.#queue = this.#queue.then(() => this.#execute(message));
    } else if (message.type === 'ack') this.#unconfirmed.delete(message.id);
    else if (message.type === 'cancel') this.#cancel(message.id);
    else if (message.type === 'complete') this.#send({ type: 'completed', call: message.call, candidates: [] });
    else this.#loan?.(message as unknown as Loan & { error?: string });
  }

  async #execute({ id, code }: Run): Promise<void> {
    this.#running = id;
    const output = await this.#outputOf(id, code);
    this.#running = undefined;
    this.#unconfirmed.set(id, output);
    this.#sendDone(id, output);
  }

  async #outputOf(id: number, code: string): Promise<Buffer> {
    const engine = this.#engine as Engine;
    try {
      const loan = await this.#borrow();
      if (loan.error === undefined) await engine.lend(loan);
      if (this.#cancelled === id) throw new Error('it was cancelled');
      const { octets, isCut } = await engine.run(code);
      if (isCut) this.#send({ type: 'note', text: `statement ${id}: only ${this.#settings.rows} rows are shown (sessions.sql.rows)` });
      const head = `{"status":"ok","execution_count":${id},"data":{"application/json":`;
      return Buffer.concat([Buffer.from(head), octets, Buffer.from('}}')]);
    } catch (error) {
      const evalue = error instanceof Error ? error.message : String(error);
      return errorOutput(id, 'Error', evalue);
    }
  }

  /** Asks the server for the files of now. */
  async #borrow(): Promise<Loan & { error?: string }> {
    if (this.#peer === undefined) return { version: '', sql: '', error: 'the server is away' };
    const answer = new Promise<Loan & { error?: string }>((resolve) => {
      this.#loan = resolve;
    });
    this.#send({ type: 'flows', wish: { format: 'files' } });
    return await answer;
  }

  #cancel(id: number): void {
    this.#cancelled = id;
    if (this.#running === id) this.#engine?.interrupt();
  }

  #send(message: FromDriver): void {
    this.#peer?.write(frameOf(Buffer.from(JSON.stringify(message))));
  }

  #sendDone(id: number, output: Buffer): void {
    this.#peer?.cork();
    this.#send({ type: 'done', id });
    this.#peer?.write(frameHead(output.length));
    this.#peer?.write(output); // it may be large: not copied once more
    this.#peer?.uncork();
  }
}
