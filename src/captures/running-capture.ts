/** A capture of this server while it runs: its thread, and what that tells. */
import { Worker } from 'node:worker_threads';
import type { TakeBlock } from '../core/block-stream.ts';
import { Problem } from '../core/problem.ts';
import { Caller } from '../core/thread.ts';
import type { FollowOrder, ThreadNews, ThreadOrder } from './capture-thread.ts';

export class RunningCapture {
  /** Resolves when packets are captured; rejects where they never will be. */
  readonly running: Promise<void>;
  /** Resolves or rejects with how it ended; its thread is gone then. */
  readonly ended: Promise<void>;
  /** True once nothing more is captured. */
  isOver = false;
  readonly #worker: Worker;
  readonly #caller: Caller;

  constructor(order: ThreadOrder, onNews: (news: ThreadNews) => void) {
    this.#worker = new Worker(new URL('./capture-thread.ts', import.meta.url), { name: 'weir-capture' });
    this.#caller = new Caller(this.#worker);
    const lose = (cause: unknown): void =>
      this.#caller.lose(new Problem('internal', 'the thread of the capture has ended', { cause, detail: String(cause) }));
    this.#worker.on('error', lose);
    this.#worker.on('exit', (code) => lose(`it ended with code ${code}`));
    const running = Promise.withResolvers<void>();
    this.running = running.promise;
    this.running.catch(() => {}); // told by `ended`, too
    const hear = (news: unknown): void => {
      running.resolve();
      onNews(news as ThreadNews);
    };
    this.ended = this.#caller.call<void>('run', order, { onNews: hear }).finally(() => {
      this.isOver = true;
      return this.#worker.terminate();
    });
    this.ended.catch((error: unknown) => running.reject(error));
  }

  /** Ends it; `ended` tells when. */
  stop(): void {
    this.#caller.call('stop').catch(() => {});
  }

  /** Packets from now on as lines of JSON, until the signal aborts or the capture ends. */
  async follow(order: FollowOrder, signal: AbortSignal, onBlock: TakeBlock): Promise<void> {
    await this.#caller.call('follow', order, { signal, onBlock });
  }
}
