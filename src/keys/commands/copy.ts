/** Copying nodes into a tree: each is made where it is not there; what is there and differs is refused, or replaced when asked. */
import { type FaultKind, KeyFault } from '../tree/fault.ts';
import type { KeyNode } from '../tree/node.ts';
import type { Operation } from '../tree/operation.ts';
import { nameOf, type Path, root } from '../tree/path.ts';
import type { KeysPort } from './access.ts';

export type CopyOptions = {
  /** Put before every path. */
  prefix: Path;
  replace: boolean;
  /** Look only. */
  dryRun: boolean;
};

/** What came of a node. `same` is what makes a second run of a copy cheap and harmless. */
export type Fate = 'made' | 'replaced' | 'same' | 'expired' | 'refused';
export type Counts = Record<Fate, number>;

export type Refusal = { path: Path; reason: FaultKind };

/** Deadlines nearer than this are the same: servers count in whole seconds, and the way here takes its time. */
const deadlineSlackMs = 2000;

/** Copies nodes into `target`, several at once, and counts what came of them. */
export class Copy {
  readonly counts: Counts = { made: 0, replaced: 0, same: 0, expired: 0, refused: 0 };
  /** The first refusals; there may be as many as there are nodes. */
  readonly refusals: Refusal[] = [];
  readonly #target: KeysPort;
  readonly #options: CopyOptions;
  /** Index of the target when the copy began. */
  readonly #began: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;
  #greatestOrdered = 0;
  #hasReplacements = false;

  private constructor(target: KeysPort, options: CopyOptions, began: number) {
    this.#target = target;
    this.#options = options;
    this.#began = began;
  }

  static async begin(target: KeysPort, options: CopyOptions): Promise<Copy> {
    return new Copy(target, options, (await target.read(root)).index);
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** The greatest index that an in-order key is named by; 0 when there is none. */
  get greatestOrdered(): number {
    return this.#greatestOrdered;
  }

  /** Whether a value holds U+FFFD, which may stand for what the source could not show. */
  get hasReplacements(): boolean {
    return this.#hasReplacements;
  }

  /** Takes a node; resolves when there is room for another, so whoever reads is slowed down to the pace of the target. */
  async take(node: KeyNode): Promise<void> {
    if (node.path === root) return;
    const name = nameOf(node.path);
    if (orderedName.test(name)) this.#greatestOrdered = Math.max(this.#greatestOrdered, Number(name));
    this.#hasReplacements ||= Buffer.from(node.value.buffer, node.value.byteOffset, node.value.length).includes('\ufffd');
    while (this.#running.size >= this.#target.width) await Promise.race(this.#running);
    this.#rethrow();
    const work: Promise<void> = this.#copyOne(node)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Waits for what is under way; throws the first failure that was no refusal. */
  async end(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
    this.#rethrow();
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #copyOne(node: KeyNode): Promise<void> {
    const wanted = { ...node, path: prefixed(this.#options.prefix, node.path) };
    const fate = await this.#settle(wanted).catch((error: unknown) => {
      if (!(error instanceof KeyFault) || error.kind === 'unavailable') throw error;
      if (this.refusals.length < refusalsKept) this.refusals.push({ path: wanted.path, reason: error.kind });
      return 'refused' as const;
    });
    this.counts[fate]++;
  }

  async #settle(node: KeyNode): Promise<Fate> {
    const ttl = node.deadline === 0 ? undefined : node.deadline - Date.now();
    if (ttl !== undefined && ttl <= 0) return 'expired';
    const { replace, dryRun } = this.#options;
    const timed = ttl === undefined ? {} : { ttl };
    if (!dryRun) {
      const isMade = await this.#try({ action: 'create', ...contentOf(node), ...timed });
      if (isMade) return 'made';
    }
    const there = await this.#read(node.path);
    if (there === undefined) {
      if (dryRun) return 'made';
      // It went between two requests.
      await this.#target.write({ action: 'create', ...contentOf(node), ...timed });
      return 'made';
    }
    if (there.isDir !== node.isDir) throw new KeyFault(there.isDir ? 'not-file' : 'not-directory', node.path, 0);
    // A directory that came with its children is of this copy: its time to live is still to be set.
    const isOurs = node.isDir && there.created > this.#began;
    if (isSame(there, node)) return isOurs ? 'made' : 'same';
    if (!replace && !isOurs) throw new KeyFault('exists', node.path, 0);
    if (!dryRun) await this.#target.write({ action: node.isDir ? 'update' : 'set', ...contentOf(node), ...timed });
    return isOurs ? 'made' : 'replaced';
  }

  async #try(operation: Operation): Promise<boolean> {
    try {
      await this.#target.write(operation);
      return true;
    } catch (error) {
      if (error instanceof KeyFault && error.kind === 'exists') return false;
      throw error;
    }
  }

  async #read(path: Path): Promise<KeyNode | undefined> {
    try {
      return (await this.#target.read(path)).node;
    } catch (error) {
      if (error instanceof KeyFault && error.kind === 'not-found') return undefined;
      throw error;
    }
  }
}

const refusalsKept = 10;

/** How in-order keys are named: the index in twenty digits, of which no index that can be counted exactly uses the first four. */
const orderedName = /^0000\d{16}$/;

/** A path below a prefix; the root as prefix changes nothing. */
export const prefixed = (prefix: Path, path: Path): Path => (prefix === root ? path : path === root ? prefix : prefix + path);

const contentOf = ({ path, isDir, value }: KeyNode): Omit<Operation, 'action'> => (isDir ? { path, isDir: true } : { path, value });

const isSame = (there: KeyNode, node: KeyNode): boolean =>
  there.isDir === node.isDir &&
  Buffer.compare(there.value, node.value) === 0 &&
  (there.deadline === 0) === (node.deadline === 0) &&
  Math.abs(there.deadline - node.deadline) <= deadlineSlackMs;
