import type { Log } from '../../core/log.ts';
import { type Cluster, pause } from './cluster.ts';
import { type ClusterError, textOfError } from './cluster-error.ts';
import { decodeWatch, encodeWatch } from './messages.ts';
import type { SpaceState } from './space-state.ts';

/** How long a look at the past may take before the next member is asked. */
const catchUpMs = 5000;
const pausesMs = { first: 50, most: 1000 };

/**
 * Brings a space's state forward by a watch on its records of events: what happened so far is read first, then everything
 * behind that revision is watched, and so again whenever the watch ends. So a compaction in the cluster takes nothing away: the
 * past comes from the records, never from old revisions.
 */
export class Feed {
  readonly #state: SpaceState;
  readonly #cluster: Cluster;
  readonly #log: Log;
  #cancel: (() => void) | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(state: SpaceState, cluster: Cluster, log: Log) {
    this.#state = state;
    this.#cluster = cluster;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  /** Begins anew, at whichever member answers: the watch was found to be behind. */
  restart(): void {
    this.#cancel?.();
  }

  async #run(): Promise<void> {
    let waitMs = pausesMs.first;
    while (!this.#isStopped) {
      try {
        const revision = await this.#state.catchUp(catchUpMs);
        waitMs = pausesMs.first;
        if (!this.#isStopped) await this.#watch(revision + 1);
      } catch (error) {
        this.#log.debug({ space: this.#state.space, reason: textOfError(error) }, 'keys: the watch on the cluster begins anew');
      }
      if (this.#isStopped) return;
      await pause(waitMs * (0.5 + Math.random()));
      waitMs = Math.min(waitMs * 2, pausesMs.most);
    }
  }

  /** Resolves or fails when the watch ends, whichever side ended it. */
  async #watch(revision: number): Promise<void> {
    const { key, end } = this.#state.layout.eventsFrom(0);
    const request = encodeWatch({ key, end, revision });
    await new Promise<void>((resolve, reject) => {
      const onEnd = (error?: ClusterError) => (error === undefined ? resolve() : reject(error));
      const onAnswer = (answer: Buffer) => {
        if (!this.#take(answer)) this.#cancel?.();
      };
      void this.#cluster.stream('Watch/Watch', request, { onAnswer, onEnd }).then((end) => {
        this.#cancel = () => {
          end();
          resolve();
        };
        if (this.#isStopped) this.#cancel();
      }, reject);
    });
  }

  /** False when the watch brings us no further: it was cancelled, or what it tells does not connect. */
  #take(bytes: Buffer): boolean {
    try {
      const answer = decodeWatch(bytes);
      for (const entry of answer.puts) if (this.#state.takeEntry(entry) === 'gap') return false;
      return !answer.isCanceled;
    } catch (error) {
      this.#log.error({ err: error, space: this.#state.space }, 'keys: the cluster told an event that is none');
      return false;
    }
  }
}
