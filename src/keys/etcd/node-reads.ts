import type { Path } from '../tree/path.ts';

/** Nodes that one request asks for: far below the 128 of a transaction, since values may be large. */
const nodesAtOnce = 64;

type Waiting<Answer> = { path: Path; since: number; resolve(answer: Answer): void; reject(error: unknown): void };

/**
 * Reads of single nodes that go together: one request is under way, and the next one asks for all nodes that were wanted
 * meanwhile. Each read begins after it was asked for, so it sees all that it must.
 */
export class NodeReads<Answer> {
  readonly #read: (paths: readonly Path[], limitMs: number) => Promise<Answer>;
  readonly #answerMs: number;
  readonly #waiting: Waiting<Answer>[] = [];
  #isBusy = false;

  /** `read` answers all of the paths together, within the limit. */
  constructor(read: (paths: readonly Path[], limitMs: number) => Promise<Answer>, answerMs: number) {
    this.#read = read;
    this.#answerMs = answerMs;
  }

  /** What was read together with this node. */
  get(path: Path): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ path, since: Date.now(), resolve, reject });
      if (!this.#isBusy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    // Reads that are asked for in the same turn of the event loop go together.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, nodesAtOnce);
      const waitedMs = Date.now() - (group[0]?.since ?? 0);
      try {
        const answer = await this.#read([...new Set(group.map(({ path }) => path))], Math.max(50, this.#answerMs - waitedMs));
        for (const { resolve } of group) resolve(answer);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isBusy = false;
  }
}
