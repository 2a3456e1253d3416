import { Mirror, type Operation, type Tree } from '../keys/index.ts';

/** Core-seconds that a group has used on one server, worth this much at the moment `at` (milliseconds since 1970 UTC). */
type Use = { use: number; at: number };

export type FairShareDependencies = {
  tree: Tree;
  halfLifeMs: number;
  weights: ReadonlyMap<string, number>;
  /** Names this server among those that share the tree; asked when it starts. */
  server(): string;
};

/**
 * Who has had how much: per group `use = sum(cores * seconds * 0.5^(age / half-life))`. The next job comes from the group with the least
 * `use / weight`. Each server writes down what ran on it alone (`/jobs/uses/SERVER~GROUP`), and reads what the others did: so all see the
 * same sums, none overwrites another's, and nobody has to lead.
 */
export class FairShare {
  readonly #deps: FairShareDependencies;
  readonly #kept: Mirror<Use>;
  /** Of this server, which counts on before its writes are through. */
  readonly #own = new Map<string, Use>();
  /** Of the others, by group; made anew after each change. */
  #others: Map<string, Use[]> | undefined;
  #server = '';

  constructor(deps: FairShareDependencies) {
    this.#deps = deps;
    this.#kept = new Mirror(deps.tree, '/jobs/uses');
  }

  async start(): Promise<void> {
    this.#server = this.#deps.server();
    await this.#kept.start();
    for (const [name, { value }] of this.#kept.entries()) {
      const { server, group } = parsed(name);
      if (server === this.#server) this.#own.set(group, value);
    }
    this.#kept.onChange(() => {
      this.#others = undefined;
    });
  }

  stop(): void {
    this.#kept.stop();
  }

  /** Core-seconds as they count at a moment, on all servers. */
  useOf(group: string, now: number): number {
    return [...(this.#usesOfOthers().get(group) ?? []), this.#own.get(group)].reduce((sum, use) => sum + this.#worth(use, now), 0);
  }

  /** The weight of a group, or of the one that it is a user's part of. */
  weightOf(group: string): number {
    const { weights } = this.#deps;
    return weights.get(group) ?? weights.get(group.slice(0, group.lastIndexOf('.'))) ?? 1;
  }

  /** Counts a use, and answers the write that keeps it. */
  charge(group: string, coreSeconds: number, now: number): Operation {
    const use = { use: this.#worth(this.#own.get(group), now) + coreSeconds, at: now };
    this.#own.set(group, use);
    return { action: 'set', path: this.#kept.pathOf(nameFor(this.#server, group)), value: Buffer.from(JSON.stringify(use)) };
  }

  /** All groups that were ever seen, with what they used as it counts now. */
  all(now: number): { group: string; use: number; weight: number }[] {
    const groups = new Set([...this.#own.keys(), ...this.#usesOfOthers().keys()]);
    return [...groups].sort().map((group) => ({ group, use: this.useOf(group, now), weight: this.weightOf(group) }));
  }

  #worth(use: Use | undefined, now: number): number {
    return use === undefined ? 0 : use.use * 0.5 ** (Math.max(0, now - use.at) / this.#deps.halfLifeMs);
  }

  #usesOfOthers(): Map<string, Use[]> {
    if (this.#others !== undefined) return this.#others;
    const others = new Map<string, Use[]>();
    for (const [name, { value }] of this.#kept.entries()) {
      const { server, group } = parsed(name);
      if (server !== this.#server) others.set(group, [...(others.get(group) ?? []), value]);
    }
    this.#others = others;
    return others;
  }
}

const nameFor = (server: string, group: string): string => `${server}~${encodeURIComponent(group)}`;

function parsed(name: string): { server: string; group: string } {
  const at = name.indexOf('~');
  return { server: name.slice(0, at), group: decodeURIComponent(name.slice(at + 1)) };
}
