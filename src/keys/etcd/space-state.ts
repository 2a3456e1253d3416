import type { Log } from '../../core/log.ts';
import type { Space } from '../engine.ts';
import { applyChange, type Change } from '../tree/change.ts';
import type { Cluster } from './cluster.ts';
import { textOfError } from './cluster-error.ts';
import { decodeRecord } from './event-record.ts';
import { Known } from './known.ts';
import type { Layout } from './layout.ts';
import type { KeyValue, RangeAnswer, RangeRequest, Step, TxnAnswer } from './messages.ts';

/** What one transaction did to a space, the first index that it took or passed over, and the revision that it took. */
export type EventRecord = { first: number; revision: number; token: string; changes: readonly Change[] };

export type Listener = (changes: readonly Change[]) => void;
/** How long a look-up may take, and whether it must see all writes that were acknowledged. */
export type LookUp = { limitMs: number; isSure: boolean };

type Follower = { listener: Listener; onBreak: ((reason: string) => void) | undefined };

/** The index of an untouched space: as a fresh etcd 3.4 member shows it. */
const firstIndex = 3;
/** Records that one read of the past fetches at most. */
const pageSize = 64;

/**
 * One space as far as this server has come: index, revision, what is known of its nodes, and who is told of changes. Records of
 * events bring it forward, wherever they come from (an own commit, a commit that failed on them, the watch, the history), each
 * once and in order.
 */
export class SpaceState {
  readonly space: Space;
  readonly layout: Layout;
  readonly known = new Known();
  readonly #cluster: Cluster;
  readonly #log: Log;
  readonly #followers = new Set<Follower>();
  /** Changes that came while a look-up was under way: what it answers is older than they are. */
  readonly #lookUps = new Set<Change[]>();
  readonly #seen = new Set<string>();
  #awaited: string | undefined;
  #index = 0;
  #revision = -1;
  #breaks = 0;

  constructor({ space, layout, cluster, log }: { space: Space; layout: Layout; cluster: Cluster; log: Log }) {
    this.space = space;
    this.layout = layout;
    this.#cluster = cluster;
    this.#log = log;
  }

  /** The index that this server has come to; 0 before the first look. */
  get index(): number {
    return this.#index;
  }

  /** The revision of the write that took that index; 0 when nothing was written yet, -1 before the first look. */
  get revision(): number {
    return this.#revision;
  }

  /** How often the thread was lost: what happened in between nobody here can know. */
  get breaks(): number {
    return this.#breaks;
  }

  follow(listener: Listener, onBreak?: (reason: string) => void): () => void {
    const follower = { listener, onBreak };
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Steps that tell what happened behind this state: for the end of any transaction that failed on it. */
  newsSteps(): Step[] {
    return this.#newsRanges().map((range) => ({ range }));
  }

  /** Takes what `newsSteps` brought; false when there is more than that, or it does not connect. */
  takeNews([counter, events]: readonly (RangeAnswer | undefined)[]): boolean {
    const { index } = counterOf(counter, firstIndex);
    for (const entry of events?.entries ?? []) if (this.takeEntry(entry) === 'gap') return false;
    return events?.hasMore !== true && this.#index >= index;
  }

  /** One record as it stands in the cluster. */
  takeEntry(entry: KeyValue): 'taken' | 'old' | 'gap' {
    const [first, last] = this.layout.spanOf(entry.key);
    if (last <= this.#index && this.#revision >= 0) return 'old';
    return this.take({ first, revision: entry.modRevision, ...decodeRecord(entry.value) });
  }

  /** Goes on by a record, and tells the followers. */
  take({ first, revision, token, changes }: EventRecord): 'taken' | 'old' | 'gap' {
    const last = changes.at(-1)?.index ?? 0;
    if (last <= this.#index) return 'old';
    if (this.#revision < 0 || first > this.#index + 1) return 'gap';
    const news = first > this.#index ? changes : changes.filter(({ index }) => index > this.#index);
    for (const change of news) applyChange(change, this.known);
    for (const later of this.#lookUps) later.push(...news);
    this.#index = last;
    this.#revision = revision;
    if (token === this.#awaited) this.#seen.add(token);
    for (const { listener } of this.#followers) listener(news);
    return 'taken';
  }

  /** From now on `hasLanded` knows whether the transaction with this token was done. */
  await(token: string): void {
    this.#awaited = token;
    this.#seen.clear();
  }

  hasLanded(token: string): boolean {
    return this.#seen.has(token);
  }

  /**
   * Reads what happened in the cluster and is not known yet, up to now; answers the revision from which on all is still to come.
   * When the records no longer reach back to this state, followers are told that the feed broke.
   */
  async catchUp(limitMs: number): Promise<number> {
    const endsAt = Date.now() + limitMs;
    for (;;) {
      const sent = { index: this.#index, revision: this.#revision };
      const answer = await this.#cluster.read({ compare: [], success: this.newsSteps(), failure: [] }, endsAt - Date.now());
      const counter = counterOf(answer.ranges[0], firstIndex);
      if (this.#revision < 0) {
        this.#adopt(counter);
        return answer.header.revision;
      }
      if (counter.revision < sent.revision) this.#break(counter, 'the cluster went back to an older state');
      else if (this.takeNews(answer.ranges)) return answer.header.revision;
      // A page of records leads on; the same answer without one shows that those in between are gone.
      else if (this.#index === sent.index) this.#break(counter, `the changes after ${sent.index} are gone from the cluster`);
    }
  }

  /**
   * Looks something up as of this state's own revision: `learn` is told the answers of the ranges, and what changed meanwhile is
   * applied on top of them. Answers false when the member that was asked is not where this state is: when the state was behind it
   * no longer is, and when the member was, it is to be asked behind all writes (`isSure`).
   */
  async lookUp(
    ranges: readonly RangeRequest[],
    learn: (ranges: TxnAnswer['ranges']) => void,
    { limitMs, isSure }: LookUp,
  ): Promise<boolean> {
    const later: Change[] = [];
    const breaks = this.#breaks;
    const revision = this.#revision;
    this.#lookUps.add(later);
    try {
      const compare = [{ key: this.layout.counter, modRevision: revision }];
      // A member answers from what it has only when no range of both branches asks for more.
      const steps = (asked: readonly RangeRequest[]) => asked.map((range) => ({ range: { ...range, isSerializable: !isSure } }));
      const request = { compare, success: steps(ranges), failure: steps(this.#newsRanges()) };
      const answer = await this.#cluster.read(request, limitMs);
      if (breaks !== this.#breaks) return false;
      if (!answer.isSuccess) {
        // Refused for sure, and by nothing new: the cluster may have gone back, which catching up finds out.
        const isNew = this.takeNews(answer.ranges) && !(isSure && this.#revision === revision);
        if (!isNew) await this.catchUp(limitMs);
        return false;
      }
      learn(answer.ranges);
      for (const change of later) applyChange(change, this.known);
      return true;
    } finally {
      this.#lookUps.delete(later);
    }
  }

  #newsRanges(): RangeRequest[] {
    return [{ key: this.layout.counter }, { ...this.layout.eventsFrom(this.#index + 1), limit: pageSize }];
  }

  #adopt({ index, revision }: { index: number; revision: number }): void {
    this.#index = index;
    this.#revision = revision;
    this.known.clear();
  }

  #break(counter: { index: number; revision: number }, reason: string): void {
    this.#log.warn({ space: this.space, index: this.#index, reason }, 'keys: the feed of changes broke');
    this.#breaks++;
    this.#adopt(counter);
    const broken = [...this.#followers];
    this.#followers.clear();
    for (const { onBreak } of broken) onBreak?.(reason);
  }
}

/** The counter as a range of it brought it. */
export function counterOf(range: RangeAnswer | undefined, otherwise = firstIndex): { index: number; revision: number } {
  const entry = range?.entries[0];
  if (entry === undefined) return { index: otherwise, revision: 0 };
  const index = Number(entry.value.toString('latin1'));
  if (!Number.isSafeInteger(index)) throw new RangeError(`the index in the cluster is no number: ${textOfError(entry.value)}`);
  return { index, revision: entry.modRevision };
}
