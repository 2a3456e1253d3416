/**
 * Calls between threads: one side serves handlers on a message port, the other calls them by name. A handler may also
 * send blocks of bytes while it works; each block is transferred, not copied, and at most `blockWindow` of them are on their
 * way before the other side has released one: that is the backpressure of every stream that leaves a worker.
 *
 *   caller                         server
 *   { call, id, name, args }  ->   handler(args, context)
 *                             <-   { block, id, bytes }       (as often as the handler sends)
 *   { release, id, buffer }   ->   credit + the buffer to fill again
 *   { abort, id }             ->   context.signal aborts
 *                             <-   { done, id, result } or { failed, id, problem }
 */
import { EventEmitter } from 'node:events';
import type { MessagePort, Transferable, Worker } from 'node:worker_threads';
import { Problem, type ProblemMessage } from './problem.ts';

/** Blocks of a stream that may be under way at once, of some 256 KiB each: fewer leave the two threads waiting for each other. */
export const blockWindow = 16;

/** One end of a pair: a port, or the worker behind one. */
export type Port = Pick<MessagePort | Worker, 'postMessage' | 'on' | 'off'>;

/** An end of a pair that has nothing to wait for elsewhere, so that it never keeps a process from its end. */
type NearPort = Port & { ref(): void; unref(): void };

/** The ends of a pair within one thread: messages come out as they are, after what runs now; one to another thread costs 20 us. */
export const nearPorts = (): [NearPort, NearPort] => {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  const portOf = (here: EventEmitter, there: EventEmitter): NearPort => {
    const port = {
      postMessage: (message: unknown): void => queueMicrotask(() => there.emit('message', message)),
      on: here.on.bind(here),
      off: here.off.bind(here),
      ref: () => undefined,
      unref: () => undefined,
    };
    return port as unknown as NearPort;
  };
  return [portOf(ends[0], ends[1]), portOf(ends[1], ends[0])];
};

/** What a handler is given besides its arguments. */
export type CallContext = {
  /** Aborts when the caller gave up. */
  readonly signal: AbortSignal;
  /** Transfers a block to the caller; resolves when there is room for another; rejects when the call was aborted. */
  send(block: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Buffers that the caller has released, to be filled again; undefined when there is none. */
  spare(): ArrayBuffer | undefined;
  /** Tells the caller something on the way (progress); not counted against the window. */
  tell(news: unknown): void;
};

// Handlers of many argument types live in one table; each call is checked by the type of the table at the caller's side.
// biome-ignore lint/suspicious/noExplicitAny: see the line above
export type Handlers = Record<string, (args: any, context: CallContext) => Promise<unknown>>;

type FromCaller =
  | { type: 'call'; id: number; name: string; args: unknown; window: number | undefined }
  | { type: 'release'; id: number; buffer: ArrayBuffer | undefined }
  | { type: 'abort'; id: number };
type FromServer =
  | { type: 'block'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'news'; id: number; news: unknown }
  | { type: 'done'; id: number; result: unknown }
  | { type: 'failed'; id: number; problem: ProblemMessage; stack: string | undefined };

/** One call as the serving side sees it: its credit, its spare buffers, whether it was aborted. */
class Served implements CallContext {
  readonly #controller = new AbortController();
  readonly #spares: ArrayBuffer[] = [];
  readonly #port: Port;
  readonly #id: number;
  #credit: number;
  #wake: (() => void) | undefined;

  constructor(port: Port, id: number, window = blockWindow) {
    this.#port = port;
    this.#id = id;
    this.#credit = window;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async send(block: Uint8Array<ArrayBuffer>): Promise<void> {
    while (this.#credit === 0 && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.signal.throwIfAborted();
    this.#credit--;
    const message: FromServer = { type: 'block', id: this.#id, bytes: block };
    this.#port.postMessage(message, [block.buffer]);
  }

  spare(): ArrayBuffer | undefined {
    return this.#spares.pop();
  }

  tell(news: unknown): void {
    this.#port.postMessage({ type: 'news', id: this.#id, news } satisfies FromServer);
  }

  release(buffer: ArrayBuffer | undefined): void {
    this.#credit++;
    if (buffer !== undefined) this.#spares.push(buffer);
    this.#wake?.();
  }

  abort(): void {
    this.#controller.abort(new Problem('gone', 'the caller gave up'));
    this.#wake?.();
  }
}

const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('internal', error instanceof Error ? error.message : String(error), { cause: error });

/** Serves calls that arrive on the port, any number at once, until the port closes. */
export const serveCalls = (port: Port, handlers: Handlers): void => {
  const calls = new Map<number, Served>();
  const run = async ({ id, name, args, window }: Extract<FromCaller, { type: 'call' }>): Promise<void> => {
    const served = new Served(port, id, window);
    calls.set(id, served);
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new TypeError(`no handler ${name}`);
      const result = await handler(args, served);
      port.postMessage({ type: 'done', id, result } satisfies FromServer);
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      port.postMessage({ type: 'failed', id, problem: asProblem(error).toMessage(), stack } satisfies FromServer);
    } finally {
      calls.delete(id);
    }
  };
  port.on('message', (message: FromCaller) => {
    if (message.type === 'call') void run(message);
    else if (message.type === 'release') calls.get(message.id)?.release(message.buffer);
    else calls.get(message.id)?.abort();
  });
};

/** How to follow a call: blocks, news, and giving up. */
export type CallOptions = {
  signal?: AbortSignal | undefined;
  /** Takes a block; `release` must be called exactly once, when its bytes have been used, and ends their life. */
  onBlock?: (block: Uint8Array<ArrayBuffer>, release: Release) => void;
  /** Blocks that may be under way at once; `blockWindow` by default. */
  window?: number;
  onNews?: (news: unknown) => void;
  transfer?: Transferable[];
};

/** Lets the server send another block: with the buffer of this one to fill again or, where that has gone on, with another or none. */
export type Release = (buffer?: ArrayBuffer | 'none') => void;

type Pending = { resolve: (result: unknown) => void; reject: (error: unknown) => void; options: CallOptions };

/** The calling side of a port. */
export class Caller {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #lost: Problem | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.on('message', (message: FromServer) => this.#receive(message));
  }

  /** Runs the handler of that name; rejects with the Problem it ended in. */
  call<T>(name: string, args: unknown = undefined, options: CallOptions = {}): Promise<T> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    try {
      this.#port.postMessage({ type: 'call', id, name, args, window: options.window } satisfies FromCaller, options.transfer ?? []);
    } catch (error) {
      return Promise.reject(error); // what cannot be sent; nothing has been started
    }
    this.#pending.set(id, { resolve, reject, options });
    const { signal } = options;
    if (signal === undefined) return promise as Promise<T>;
    const abort = (): void => this.#port.postMessage({ type: 'abort', id } satisfies FromCaller);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', abort)) as Promise<T>;
  }

  /** Fails every open and later call: the thread behind the port has ended. */
  lose(problem: Problem): void {
    this.#lost = problem;
    for (const { reject } of this.#pending.values()) reject(problem);
    this.#pending.clear();
  }

  #receive(message: FromServer): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if (message.type === 'block') this.#deliver(message.id, message.bytes, pending.options);
    else if (message.type === 'news') pending.options.onNews?.(message.news);
    else {
      this.#pending.delete(message.id);
      if (message.type === 'done') pending.resolve(message.result);
      else pending.reject(revive(message));
    }
  }

  #deliver(id: number, bytes: Uint8Array<ArrayBuffer>, options: CallOptions): void {
    const release = (given: ArrayBuffer | 'none' = bytes.buffer): void => {
      const buffer = given === 'none' ? undefined : given;
      this.#port.postMessage({ type: 'release', id, buffer } satisfies FromCaller, buffer === undefined ? [] : [buffer]);
    };
    if (options.onBlock === undefined) release();
    else options.onBlock(bytes, release);
  }
}

const revive = (message: { problem: ProblemMessage; stack: string | undefined }): Problem => {
  const problem = Problem.revive(message.problem);
  if (message.problem.code === 'internal' && message.stack !== undefined) problem.stack = message.stack;
  return problem;
};
