import type { History, Reading, ReadOptions } from '../engine.ts';
import type { Change } from '../tree/change.ts';
import { decodeNode } from '../tree/codec.ts';
import { KeyFault } from '../tree/fault.ts';
import { type KeyNode, rootNode } from '../tree/node.ts';
import { depthOf, type Path, parentOf, root } from '../tree/path.ts';
import { firstGap } from '../tree/plan.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError, textOfError } from './cluster-error.ts';
import { stepLimit } from './draft.ts';
import { decodeRecord } from './event-record.ts';
import { bytesOf, maxDepth } from './layout.ts';
import type { RangeAnswer, RangeRequest, TxnAnswer } from './messages.ts';
import { NodeReads } from './node-reads.ts';
import { counterOf, type LookUp, type SpaceState } from './space-state.ts';

const answerMs = 7000;
/** Levels below a directory that one transaction reads. */
const levelsAtOnce = 16;
const recordsAtOnce = 128;

/** What one request found: nodes where there are any, the index, and the cluster's revision. */
type Found = { index: number; revision: number; nodes: ReadonlyMap<Path, KeyNode> };

/** Reads of one space. Each shows one revision of the cluster, never an older state than this server has already shown. */
export class Reader {
  readonly #state: SpaceState;
  readonly #cluster: Cluster;
  readonly #plainNodes = new NodeReads((paths, limitMs) => this.#nodes(paths, { limitMs, isSure: false }), answerMs);
  readonly #sureNodes = new NodeReads((paths, limitMs) => this.#nodes(paths, { limitMs, isSure: true }), answerMs);

  constructor(state: SpaceState, cluster: Cluster) {
    this.#state = state;
    this.#cluster = cluster;
  }

  async read(path: Path, { reach = 'node', isLinearizable = false, page }: ReadOptions): Promise<Reading> {
    if (reach === 'node') return await this.#node(path, isLinearizable);
    const levels = depthOf(path) >= maxDepth ? 0 : reach === 'children' ? 1 : levelsAtOnce;
    return await this.#answered((isSure) => this.#reading(path, levels, isSure || isLinearizable, page));
  }

  async history(from: number, limit: number, kept: number): Promise<History> {
    return await this.#answered(async (isSure) => {
      const { layout } = this.#state;
      const first = { ...layout.eventsFrom(0), limit: 1, isKeysOnly: true };
      const page = { ...layout.eventsFrom(from), limit: Math.min(limit, recordsAtOnce) };
      const answer = await this.#ranges([{ key: layout.counter }, first, page], { isSure });
      if (answer === undefined) return undefined;
      const { index } = counterOf(answer.ranges[0]);
      const oldestEntry = answer.ranges[1]?.entries[0];
      const oldest = oldestEntry === undefined ? index + 1 : Math.max(layout.spanOf(oldestEntry.key)[0], index - kept + 1);
      const changes = await this.#changes(answer, { from: Math.max(from, oldest), limit });
      return { index, oldest, changes };
    });
  }

  /** The changes of the last range of an answer, and those of the pages behind it. */
  async #changes(answer: TxnAnswer, { from, limit }: { from: number; limit: number }): Promise<Change[]> {
    const { layout } = this.#state;
    const changes: Change[] = [];
    for (let page = answer.ranges.at(-1); page !== undefined; ) {
      for (const { value } of page.entries) changes.push(...decodeRecord(value).changes.filter(({ index }) => index >= from));
      const last = page.entries.at(-1);
      if (!page.hasMore || last === undefined || changes.length >= limit) break;
      const range = { ...layout.eventsFrom(layout.spanOf(last.key)[1] + 1), limit: recordsAtOnce };
      page = (await this.#asOf(answer.header.revision, [range]))[0];
    }
    return changes.slice(0, limit);
  }

  /** One node: from what is known where that will do, else together with others that are wanted just now. */
  async #node(path: Path, isLinearizable: boolean): Promise<Reading> {
    const known = isLinearizable || this.#state.revision < 0 ? undefined : this.#state.known.node(path);
    if (known) return { index: this.#state.index, node: known, below: [] };
    return await this.#answered(async (isSure) => {
      const found = await (isSure || isLinearizable ? this.#sureNodes : this.#plainNodes).get(path);
      if (found === undefined) return undefined;
      const node = found.nodes.get(path);
      if (node === undefined) throw await this.#gap(path, found);
      return { index: found.index, node, below: [] };
    });
  }

  /** Some nodes, the index and the revision of all that; what the state has come to as well it learns by it. */
  async #nodes(paths: readonly Path[], { limitMs, isSure }: LookUp): Promise<Found | undefined> {
    const { layout, known } = this.#state;
    const stored = paths.filter((path) => path !== root && depthOf(path) <= maxDepth);
    const ranges = [{ key: layout.counter }, ...stored.map((path) => ({ key: bytesOf(layout.node(path)) }))];
    const answer = await this.#ranges(ranges, { limitMs, isSure });
    if (answer === undefined) return undefined;
    const counter = counterOf(answer.ranges[0]);
    const nodes = new Map<Path, KeyNode>([[root, rootNode]]);
    for (const [at, path] of stored.entries()) {
      const node = nodeOf(path, answer.ranges[at + 1]);
      if (node === undefined) continue;
      nodes.set(path, node);
      if (counter.revision === this.#state.revision) known.learn(path, node);
    }
    known.trim();
    return { index: counter.index, revision: answer.header.revision, nodes };
  }

  /** The node and the levels below it, all at the revision of the first answer; of a whole subtree more as they are found. */
  async #reading(path: Path, levels: number, isSure: boolean, page: ReadOptions['page']): Promise<Reading | undefined> {
    const { layout } = this.#state;
    const head: RangeRequest[] = [{ key: layout.counter }];
    if (path !== root) head.push({ key: bytesOf(layout.node(path)) });
    const ranges =
      page === undefined ? this.#levels(path, 1, levels) : this.#levels(path, 1, levels).map((level) => this.#part(level, page));
    const answer = await this.#ranges([...head, ...ranges], { isSure });
    if (answer === undefined) return undefined;
    const at = { index: counterOf(answer.ranges[0]).index, revision: answer.header.revision };
    const node = path === root ? rootNode : nodeOf(path, answer.ranges[1]);
    if (node === undefined) throw await this.#gap(path, at);
    const found = answer.ranges.slice(head.length);
    for (let depth = levels + 1; levels === levelsAtOnce && (found.at(-1)?.entries.length ?? 0) > 0; depth += levels) {
      found.push(...(await this.#asOf(at.revision, this.#levels(path, depth, levels))));
    }
    const below = found.flatMap((level) => level?.entries ?? []).map(({ key, value }) => decodeNode(layout.pathOf(key), value));
    return { index: at.index, node, below };
  }

  #levels(dir: Path, from: number, count: number): RangeRequest[] {
    return Array.from({ length: Math.min(count, maxDepth - depthOf(dir) - from + 1) }, (_, at) => {
      const [key, end] = this.#state.layout.below(dir, from + at).map(bytesOf) as [Buffer, Buffer];
      return { key, end };
    });
  }

  /** A page of a level. No path has an octet 0, so the next key begins behind the last one and such an octet. */
  #part(level: RangeRequest, { behind, limit }: NonNullable<ReadOptions['page']>): RangeRequest {
    return { ...level, ...(behind !== undefined && { key: bytesOf(`${this.#state.layout.node(behind)}\0`) }), limit };
  }

  /** Why there is nothing at a path, by what stood above it then. */
  async #gap(path: Path, { index, revision }: { index: number; revision: number }): Promise<KeyFault> {
    const above: Path[] = [];
    for (let at = parentOf(path); at !== root; at = parentOf(at)) above.unshift(at);
    const nodes = new Map<Path, KeyNode>();
    for (let from = 0; from < above.length; from += stepLimit) {
      const paths = above.slice(from, from + stepLimit);
      const ranges = await this.#asOf(
        revision,
        paths.map((at) => ({ key: bytesOf(this.#state.layout.node(at)) })),
      );
      for (const [at, range] of ranges.entries()) {
        const node = nodeOf(paths[at]!, range);
        if (node !== undefined) nodes.set(node.path, node);
      }
    }
    const view = { node: (at: Path) => nodes.get(at), hasChildren: () => false, children: () => [] };
    return firstGap(path, { view, index });
  }

  /** Ranges at the revision of an earlier answer. */
  async #asOf(revision: number, ranges: readonly RangeRequest[]): Promise<TxnAnswer['ranges']> {
    if (ranges.length === 0) return [];
    const old = ranges.map((range) => ({ ...range, revision, isSerializable: true }));
    return (await this.#txn(old, answerMs)).ranges;
  }

  /** Undefined when the member that answered is behind what this server has shown. */
  async #ranges(
    ranges: readonly RangeRequest[],
    { limitMs = answerMs, isSure }: { limitMs?: number; isSure: boolean },
  ): Promise<TxnAnswer | undefined> {
    const { revision, breaks } = this.#state;
    const answer = await this.#txn(isSure ? ranges : ranges.map((range) => ({ ...range, isSerializable: true })), limitMs);
    const isBehind = counterOf(answer.ranges[0]).revision < revision && breaks === this.#state.breaks;
    return isBehind && !isSure ? undefined : answer;
  }

  async #txn(ranges: readonly RangeRequest[], limitMs: number): Promise<TxnAnswer> {
    return await this.#cluster.read({ compare: [], success: ranges.map((range) => ({ range })), failure: [] }, limitMs);
  }

  /** Reads once as it comes; when that was behind, or its revision is gone (or not there yet) at the next page, once more for sure. */
  async #answered<Answer>(read: (isSure: boolean) => Promise<Answer | undefined>): Promise<Answer> {
    try {
      const answer = await read(false).catch((error) => {
        if (error instanceof ClusterError && /has been compacted|future revision/.test(error.message)) return undefined;
        throw error;
      });
      const sure = answer ?? (await read(true));
      if (sure === undefined) throw new Error('a read of the cluster came to nothing');
      return sure;
    } catch (error) {
      if (error instanceof KeyFault) throw error;
      throw new KeyFault('unavailable', textOfError(error), this.#state.index);
    }
  }
}

function nodeOf(path: Path, range: RangeAnswer | undefined): KeyNode | undefined {
  const entry = range?.entries[0];
  return entry === undefined ? undefined : decodeNode(path, entry.value);
}
