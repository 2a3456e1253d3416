import { KeyFault, type Tree, textValue } from '../keys/index.ts';

/** Ids taken from the key tree at once: a write for each hundred jobs, and a gap at most this wide after a crash. */
const blockSize = 100;
const path = '/jobs/facts/last-id';

/** The one counter of ids: whatever happens, none is given twice. */
export class IdCounter {
  readonly #tree: Tree;
  #last = 0;
  #end = 0;
  #filling: Promise<void> | undefined;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** The next `count` ids, one after the other; answers the first. */
  async next(count = 1): Promise<number> {
    while (this.#end - this.#last < count) {
      this.#filling ??= this.#fill(count).finally(() => {
        this.#filling = undefined;
      });
      await this.#filling;
    }
    const first = this.#last + 1;
    this.#last += count;
    return first;
  }

  /** Gives back what was not used, where no other server has counted on. */
  async stop(): Promise<void> {
    if (this.#end === this.#last) return;
    try {
      await this.#tree.compareAndSwap(path, { value: String(this.#end) }, String(this.#last));
    } catch (error) {
      if (!(error instanceof KeyFault)) throw error; // somebody else counts on: a gap it is
    }
    this.#end = this.#last;
  }

  async #fill(count: number): Promise<void> {
    for (;;) {
      const node = await this.#tree.get(path, { isLinearizable: true });
      const from = node === undefined ? 0 : Number(textValue(node));
      const end = from + Math.max(count, blockSize);
      try {
        if (node === undefined) await this.#tree.create(path, String(end));
        else await this.#tree.compareAndSwap(path, { index: node.modified }, String(end));
      } catch (error) {
        if (error instanceof KeyFault && (error.kind === 'compare-failed' || error.kind === 'exists')) continue;
        throw error;
      }
      // The rest of the block before is used on only when the new one follows it.
      if (from !== this.#end) this.#last = from;
      this.#end = end;
      return;
    }
  }
}
