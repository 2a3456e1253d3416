import type { History, Reach, Reading, ReadOptions } from '../engine.ts';
import type { KeyNode } from '../tree/node.ts';
import type { Path } from '../tree/path.ts';
import { firstGap } from '../tree/plan.ts';
import type { CommitSignal } from './commit-signal.ts';
import { changesFrom } from './history.ts';
import { type Layout, openLayout } from './layout.ts';
import { childPaths, childrenPage, nodeAt, nodesBelow } from './nodes.ts';
import { decodeState, type State, stateKey } from './state.ts';

/**
 * Reads the trees in a thread of its own, without asking the one that writes: every reading is of one moment, and is of the last
 * commit whenever it begins.
 */
export class Reader {
  readonly #layout: Layout;
  readonly #signal: CommitSignal;
  /** State of the snapshot, and the commits that had begun when it was taken. */
  #state: State | undefined;
  #seen = -1;

  constructor(file: string, signal: CommitSignal) {
    this.#layout = openLayout(file, { isReadOnly: true });
    this.#signal = signal;
  }

  /** Throws the fault when there is no such node. */
  read(ordinal: number, path: Path, { reach = 'node', page }: ReadOptions = {}): Reading {
    return this.#readQuickly(ordinal, path, reach) ?? this.#readAll(ordinal, path, reach, page);
  }

  /** The usual case, without a closure: a node that is there, alone, and no commit since the last reading. */
  #readQuickly(ordinal: number, path: Path, reach: Reach): Reading | undefined {
    const state = this.#state;
    if (state === undefined || this.#signal.begun !== this.#seen) return undefined;
    const node = nodeAt(this.#layout, ordinal, path);
    if (node === undefined || (node.isDir && reach !== 'node') || this.#signal.begun !== this.#seen) return undefined;
    return { index: indexIn(state, ordinal), node, below: nothing };
  }

  #readAll(ordinal: number, path: Path, reach: Reach, page: ReadOptions['page']): Reading {
    return this.#atOneMoment((state) => {
      const index = indexIn(state, ordinal);
      const node = nodeAt(this.#layout, ordinal, path);
      if (node === undefined) throw firstGap(path, { view: this.#view(ordinal), index });
      if (reach === 'node' || !node.isDir) return { index, node, below: [] };
      if (page !== undefined) return { index, node, below: childrenPage(this.#layout, ordinal, path, page) };
      return { index, node, below: nodesBelow(this.#layout, ordinal, path, reach === 'subtree') };
    });
  }

  /** The changes kept from an index on. */
  history(ordinal: number, from: number, limit: number): History {
    return this.#atOneMoment((state) => {
      const { index = 0, oldest = 0 } = state.spaces[ordinal] ?? {};
      return { index, oldest, changes: changesFrom(this.#layout, ordinal, Math.max(from, oldest), limit) };
    });
  }

  async close(): Promise<void> {
    await this.#layout.root.close();
  }

  /**
   * Runs a look at LMDB such that all of it, and the state, are of one snapshot. LMDB's binding takes the snapshot at the first look of a
   * turn of the event loop and renews it at the next turn, so two looks of one call share it, and a state read earlier holds as long as
   * no commit has begun since.
   */
  #atOneMoment<T>(look: (state: State) => T): T {
    if (this.#state !== undefined && this.#signal.begun === this.#seen) {
      const found = attempt(() => look(this.#state as State));
      if (this.#signal.begun === this.#seen) return found();
    }
    const ended = this.#signal.ended;
    this.#layout.root.resetReadTxn();
    const state = decodeState(this.#layout.meta.getBinary(stateKey));
    const found = attempt(() => look(state));
    // While a commit is on its way, nobody can tell on which side of it this snapshot is: it is not used again.
    this.#state = ended === this.#signal.begun ? state : undefined;
    this.#seen = ended;
    return found();
  }

  #view(ordinal: number) {
    return {
      node: (path: Path) => nodeAt(this.#layout, ordinal, path),
      hasChildren: (path: Path) => childPaths(this.#layout, ordinal, path, 1).length > 0,
      children: (path: Path, limit: number) => childPaths(this.#layout, ordinal, path, limit),
    };
  }
}

const nothing: readonly KeyNode[] = [];

const indexIn = (state: State, ordinal: number): number => state.spaces[ordinal]?.index ?? 0;

/** The result or the fault of a look, to be had when it is sure that it was of one moment. */
function attempt<T>(look: () => T): () => T {
  try {
    const found = look();
    return () => found;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
