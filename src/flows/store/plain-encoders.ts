/**
 * Where parts of streams are read and encoded, for all streams of a store: in the store's own thread and in others beside it,
 * each of which begins when it is first needed.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { Caller, type CallOptions, nearPorts, type Port, serveCalls } from '../../core/thread.ts';
import type { PlainPart } from './plain-encoding.ts';

/** More than these find nothing to do: the main thread, which writes to sockets, needs a third of what one of them needs. */
const mostPlaces = 4;

/** Few objects are made, and all die young: V8 would use ten times this for them. */
const youngMegabytes = 4;

/** Serves a port that sends parts to be encoded. What encodes is loaded with the first: a store that is only written to does without. */
export const serveParts = (port: Port): void =>
  serveCalls(port, { encode: async (part: PlainPart, context) => (await import('./plain-encoding.ts')).encodePlain(part, context) });

/** Blocks are sent to whoever asked as they fill. */
type BlockOptions = Pick<CallOptions, 'signal' | 'onBlock' | 'window'>;

/** One thread that encodes. */
class EncodingPlace {
  readonly #caller: Caller;
  readonly #keep: { ref(): void; unref(): void };
  readonly #end: () => unknown;
  /** Parts under way. */
  parts = 0;
  isLost = false;

  constructor(port: Port & { ref(): void; unref(): void }, end: () => unknown) {
    this.#caller = new Caller(port);
    this.#keep = port;
    this.#end = end;
    port.unref();
  }

  async run(part: PlainPart, options: BlockOptions): Promise<number> {
    // A place where nothing is done does not keep a command from its end.
    if (this.parts++ === 0) this.#keep.ref();
    try {
      return await this.#caller.call('encode', part, options);
    } finally {
      if (--this.parts === 0) this.#keep.unref();
    }
  }

  lose(cause?: unknown): void {
    this.isLost = true;
    this.#caller.lose(new Problem('unavailable', 'a thread that encodes has ended', { cause }));
  }

  async end(): Promise<void> {
    await this.#end();
    this.lose();
  }
}

const ownThread = (): EncodingPlace => {
  const worker = new Worker(new URL('./plain-thread.ts', import.meta.url), {
    name: 'weir-encode',
    resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
  });
  const place = new EncodingPlace(worker, () => worker.terminate());
  worker.on('error', (error) => place.lose(error));
  worker.on('exit', () => place.lose());
  return place;
};

const thisThread = (): EncodingPlace => {
  const [port1, port2] = nearPorts();
  serveParts(port2);
  return new EncodingPlace(port1, () => undefined);
};

export class PlainEncoders {
  /** The first is this thread. */
  #places: EncodingPlace[] = [];
  #isClosed = false;

  /** How many parts can be encoded at once. */
  readonly count = Math.min(mostPlaces, Math.max(2, availableParallelism()));

  /** Encodes a part where least is to be done, or, so that its rows come soon, in this thread; returns the number of rows. */
  async run(part: PlainPart, options: BlockOptions): Promise<number> {
    if (this.#isClosed) throw new Problem('unavailable', 'the store is closed');
    return await this.#choose(part.isEarly).run(part, options);
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#places.map((place) => place.end()));
  }

  #choose(isEarly: boolean): EncodingPlace {
    const [here = thisThread(), ...others] = this.#places;
    const threads = others.filter(({ isLost }) => !isLost);
    this.#places = [here, ...threads];
    if (isEarly) return here;
    // Of equals the last: another thread has nothing else to do.
    const least = this.#places.reduce((a, b) => (b.parts <= a.parts ? b : a));
    if (least.parts === 0 && least !== here) return least;
    if (this.#places.length >= this.count) return least;
    const thread = ownThread();
    this.#places.push(thread);
    return thread;
  }
}
