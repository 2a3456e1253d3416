import { nameOf, type Operation, type Tree, textValue } from '../keys/index.ts';

const folder = '/jobs/shares';

/** Core-seconds that a group has used, worth this much at the moment `at` (milliseconds since 1970 UTC). */
type Use = { use: number; at: number };

/**
 * Who has had how much: per group `use = sum(cores * seconds * 0.5^(age / half-life))`. The next job comes from the group with the least
 * `use / weight`.
 */
export class FairShare {
  readonly #tree: Tree;
  readonly #halfLifeMs: number;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #uses = new Map<string, Use>();

  constructor(tree: Tree, halfLifeMs: number, weights: ReadonlyMap<string, number>) {
    this.#tree = tree;
    this.#halfLifeMs = halfLifeMs;
    this.#weights = weights;
  }

  async start(): Promise<void> {
    const { below } = await this.#tree.list(folder);
    for (const node of below) this.#uses.set(decodeURIComponent(nameOf(node.path)), JSON.parse(textValue(node)) as Use);
  }

  /** Core-seconds as they count at a moment. */
  useOf(group: string, now: number): number {
    const known = this.#uses.get(group);
    return known === undefined ? 0 : known.use * 0.5 ** (Math.max(0, now - known.at) / this.#halfLifeMs);
  }

  /** The weight of a group, or of the one that it is a user's part of. */
  weightOf(group: string): number {
    return this.#weights.get(group) ?? this.#weights.get(group.slice(0, group.lastIndexOf('.'))) ?? 1;
  }

  /** Counts a use, and answers the write that keeps it. */
  charge(group: string, coreSeconds: number, now: number): Operation {
    const use = { use: this.useOf(group, now) + coreSeconds, at: now };
    this.#uses.set(group, use);
    return { action: 'set', path: `${folder}/${encodeURIComponent(group)}`, value: Buffer.from(JSON.stringify(use)) };
  }

  /** All groups that were ever seen, with what they used as it counts now. */
  all(now: number): { group: string; use: number; weight: number }[] {
    return [...this.#uses.keys()].sort().map((group) => ({ group, use: this.useOf(group, now), weight: this.weightOf(group) }));
  }
}
