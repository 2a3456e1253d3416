import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import type { EngineStatus, History, KeyEngine, Reading, ReadOptions, Space } from '../engine.ts';
import type { Change } from '../tree/change.ts';
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';
import { type Connection, EngineClient } from './client.ts';
import { CommitSignal } from './commit-signal.ts';
import { names } from './folder.ts';
import { longestPath } from './layout.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { FromThread, ThreadOptions, ToThread } from './messages.ts';

/** How the embedded engine is set up. */
export type EmbeddedOptions = {
  /** Where it keeps its files; made when it is not there. One process at a time, which the data directory's lock sees to. */
  folder: string;
  /** Those that are not named are `defaultLimits`. */
  limits?: Partial<Limits>;
  /** Octets of a segment of the log. */
  segmentBytes?: number;
  /** Octets of log after which a first snapshot is taken. */
  snapshotBytes?: number;
  /** What the engine has to say to the operator. */
  log?: (level: 'info' | 'warn', message: string, facts: Record<string, unknown>) => void;
};

/** The embedded engine, with the means to use it from other threads. */
export type EmbeddedEngine = KeyEngine & {
  /** What another thread needs for `connectEngine`; send it with `transferList: [connection.port]`. The engine must have started. */
  connection(): Connection;
};

const mebibyte = 2 ** 20;

/** The engine that keeps keys on this host, in LMDB behind a log. Nothing happens before `start`. */
export function createEmbeddedEngine(options: EmbeddedOptions): EmbeddedEngine {
  return new ThreadedEngine(options);
}

/** The keys in a thread that was given a connection; `start` it, and `stop` it before the engine is stopped. */
export const connectEngine = (connection: Connection): KeyEngine => new EngineClient(connection);

class ThreadedEngine implements EmbeddedEngine {
  readonly #options: EmbeddedOptions;
  readonly #limits: Limits;
  readonly #signal = new CommitSignal();
  #worker: Worker | undefined;
  #client: EngineClient | undefined;
  #identity: Pick<Connection, 'clusterId' | 'memberId' | 'startedAt'> | undefined;
  #closed = Promise.withResolvers<void>();

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#limits.pathBytes = Math.min(this.#limits.pathBytes, longestPath);
  }

  /** Opens the folder, and mends it when it was not closed; Problem('internal') when it is damaged beyond that. */
  async start(): Promise<void> {
    const { folder, segmentBytes = 8 * mebibyte, snapshotBytes = 128 * mebibyte } = this.#options;
    const workerData: ThreadOptions = { path: folder, limits: this.#limits, segmentBytes, snapshotBytes, signal: this.#signal.shared };
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData,
      name: 'keys',
      // V8 lets what was made lately grow to 3 x 16 MB where nobody bounds it; the writer needs little of it at a time.
      resourceLimits: { maxYoungGenerationSizeMb: 12 },
    });
    const opened = Promise.withResolvers<void>();
    this.#closed = Promise.withResolvers<void>();
    this.#worker = worker;
    worker.on('message', (message: FromThread) => {
      if (message.type === 'open') {
        const { clusterId, memberId, recovery, replayed } = message;
        this.#identity = { clusterId, memberId, startedAt: new Date() };
        if (recovery === 'killed' || recovery === 'power-loss') this.#log('warn', 'the keys were not closed', { recovery, replayed });
        opened.resolve();
      } else if (message.type === 'log') this.#log(message.level, message.message, message.facts);
      else if (message.type === 'closed') this.#closed.resolve();
      else {
        opened.reject(Problem.revive(message.problem));
        this.#closed.reject(Problem.revive(message.problem));
      }
    });
    const lost = (reason: string): void => {
      const problem = new Problem('internal', 'The thread of the key engine has ended.', { detail: reason });
      this.#client?.end(`the engine's thread has ended: ${reason}`);
      opened.reject(problem);
      this.#closed.reject(problem);
    };
    worker.on('error', (error) => lost(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => lost(`exit code ${code}`));
    this.#closed.promise.catch(() => {}); // told by `stop`, when somebody waits for it
    try {
      await opened.promise;
    } catch (error) {
      await worker.terminate();
      this.#worker = undefined;
      throw error;
    }
    this.#client = new EngineClient(this.connection());
    await this.#client.start();
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    const client = this.#client;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ type: 'close' } satisfies ToThread);
    await this.#closed.promise;
    await client?.stop();
    await exited;
  }

  connection(): Connection {
    if (this.#worker === undefined || this.#identity === undefined) throw new Error('the key engine has not been started');
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: 'attach', port: port2 as MessagePort } satisfies ToThread, [port2]);
    const file = join(this.#options.folder, names.tree);
    return { port: port1, file, signal: this.#signal.shared, limits: this.#limits, ...this.#identity };
  }

  read(space: Space, path: Path, options?: ReadOptions): Promise<Reading> {
    return this.#open.read(space, path, options);
  }

  write(space: Space, operations: readonly Operation[]): Promise<readonly Change[]> {
    return this.#open.write(space, operations);
  }

  history(space: Space, from: number, limit?: number): Promise<History> {
    return this.#open.history(space, from, limit);
  }

  follow(space: Space, listener: (changes: readonly Change[]) => void, onBreak?: (reason: string) => void): () => void {
    return this.#open.follow(space, listener, onBreak);
  }

  followed(space: Space): number {
    return this.#open.followed(space);
  }

  status(): Promise<EngineStatus> {
    return this.#open.status();
  }

  async unready(): Promise<string | undefined> {
    return this.#client === undefined ? 'the key store is not open' : await this.#client.unready();
  }

  get #open(): EngineClient {
    if (this.#client === undefined) throw new Error('the key engine has not been started');
    return this.#client;
  }

  #log(level: 'info' | 'warn', message: string, facts: Record<string, unknown>): void {
    this.#options.log?.(level, message, facts);
  }
}
