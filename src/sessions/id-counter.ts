import { KeyFault, type Tree, textValue } from '../keys/index.ts';

/** Ids from 0 that rise and are never given twice, whatever happens; `path` is where the next one is kept. */
export class IdCounter {
  readonly #tree: Tree;
  readonly #path: string;

  constructor(tree: Tree, path: string) {
    this.#tree = tree;
    this.#path = path;
  }

  async next(): Promise<number> {
    for (;;) {
      const node = await this.#tree.get(this.#path, { isLinearizable: true });
      const id = node === undefined ? 0 : Number(textValue(node));
      try {
        if (node === undefined) await this.#tree.create(this.#path, String(id + 1));
        else await this.#tree.compareAndSwap(this.#path, { index: node.modified }, String(id + 1));
        return id;
      } catch (error) {
        if (!(error instanceof KeyFault) || !['compare-failed', 'exists', 'not-found'].includes(error.kind)) throw error;
      }
    }
  }
}
