import type { Log } from '../../core/log.ts';
import { type EngineStatus, type KeyEngine, type Member, type Membership, type Space, spaces } from '../engine.ts';
import { KeyFault } from '../tree/fault.ts';
import { lengthOf, type Operation } from '../tree/operation.ts';
import { Cluster, pause } from './cluster.ts';
import { ClusterError, outcomes, textOfError } from './cluster-error.ts';
import type { ClusterTls } from './endpoint.ts';
import { Feed } from './feed.ts';
import { Layout, sweeperKey } from './layout.ts';
import {
  decodeAddedMember,
  decodeMembers,
  decodeStatus,
  encodeMemberAdd,
  encodeMemberRemove,
  encodeMemberUpdate,
  type MemberEntry,
  type StatusAnswer,
} from './messages.ts';
import { Reader } from './reader.ts';
import { counterOf, SpaceState } from './space-state.ts';
import { Sweeper } from './sweeper.ts';
import { Writer } from './writer.ts';

export type ClusterEngineOptions = {
  /** Addresses of the members for clients: `http://host:2379`, or `https://` for TLS. */
  endpoints: readonly string[];
  /** All keys of Weir begin with it and a slash; servers with the same one share their trees. */
  prefix: string;
  user?: string | undefined;
  password?: string | undefined;
  /** PEM texts; without `ca` the host's own authorities are asked. */
  tls?: ClusterTls | undefined;
  /** Changes of each space that are kept, at least. */
  history: number;
  /** Octets of a value and of a path; never more than `largestValue` and `longestPath`, whatever is asked. */
  limits?: { valueBytes: number; pathBytes: number };
  log: Log;
  /** Milliseconds since the epoch, by which deadlines are made and judged. */
  now: () => number;
};

/**
 * A write is one request, of 1.5 MiB at most unless the cluster was told otherwise, and has the value three times at worst: the node, the
 * change and the value before. So a value that fits once fits always.
 */
const largestValue = 500 * 1024;
/** As with the embedded engine. */
const longestPath = 4000;

const beatMs = 1000;
const startMs = 5000;
const readyMs = 1000;
/** How long the cluster may take to agree on its members, as with etcd's own v2 API. */
const membershipMs = 5000;

type SpaceParts = { state: SpaceState; writer: Writer; reader: Reader; feed: Feed; isBehind: boolean };

/**
 * Keeps the trees in an etcd v3 cluster. Any number of servers may share one: each write is one transaction that stands on the
 * state it was planned on, and every server is told of the changes of all. `start` fails only when the cluster refuses us;
 * one that is out of reach is waited for, and `unready` says so.
 */
export function createClusterEngine(options: ClusterEngineOptions): KeyEngine {
  return new ClusterEngine(options);
}

class ClusterEngine implements KeyEngine {
  readonly #cluster: Cluster;
  readonly #spaces: ReadonlyMap<Space, SpaceParts>;
  readonly #sweeper: Sweeper;
  readonly #lock: Buffer;
  readonly #history: number;
  readonly #limits: { valueBytes: number; pathBytes: number };
  readonly #log: Log;
  readonly #startedAt = new Date();
  #beating: Promise<void> | undefined;
  #isStopped = false;
  #wake = () => {};

  constructor(options: ClusterEngineOptions) {
    const { history, log, now } = options;
    const prefix = options.prefix.replace(/\/+$/, '');
    const cluster = new Cluster(options, log);
    const parts = (space: Space): SpaceParts => {
      const state = new SpaceState({ space, layout: new Layout(prefix, space), cluster, log });
      const writer = new Writer({ state, cluster, now, history, log });
      return { state, writer, reader: new Reader(state, cluster), feed: new Feed(state, cluster, log), isBehind: false };
    };
    this.#cluster = cluster;
    this.#history = history;
    const { valueBytes = largestValue, pathBytes = longestPath } = options.limits ?? {};
    this.#limits = { valueBytes: Math.min(valueBytes, largestValue), pathBytes: Math.min(pathBytes, longestPath) };
    this.#log = log;
    this.#spaces = new Map(spaces.map((space) => [space, parts(space)]));
    this.#lock = sweeperKey(prefix);
    this.#sweeper = new Sweeper({ lock: this.#lock, cluster, spaces: [...this.#spaces.values()], now, log });
  }

  read: KeyEngine['read'] = async (space, path, options = {}) => await this.#parts(space).reader.read(path, options);

  write: KeyEngine['write'] = async (space, operations) => {
    this.#refuseTooLarge(operations);
    return await this.#parts(space).writer.write(operations);
  };

  history: KeyEngine['history'] = async (space, from, limit = Number.POSITIVE_INFINITY) =>
    await this.#parts(space).reader.history(from, limit, this.#history);

  follow: KeyEngine['follow'] = (space, listener, onBreak) => this.#parts(space).state.follow(listener, onBreak);

  followed(space: Space): number {
    return this.#parts(space).state.index;
  }

  async start(): Promise<void> {
    try {
      await Promise.all([...this.#spaces.values()].map(({ state }) => state.catchUp(startMs)));
    } catch (error) {
      if (!(error instanceof ClusterError) || error.outcome !== outcomes.uncertain) {
        this.#cluster.close();
        throw new KeyFault('unavailable', textOfError(error), 0);
      }
      this.#log.warn({ reason: error.message }, 'keys: the etcd cluster is out of reach; waiting for it');
    }
    for (const { feed } of this.#spaces.values()) feed.start();
    this.#beating = this.#beats();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#beating;
    await this.#sweeper.stop();
    await Promise.all([...this.#spaces.values()].map(({ writer }) => writer.close()));
    await Promise.all([...this.#spaces.values()].map(({ feed }) => feed.stop()));
    this.#cluster.close();
  }

  async status(): Promise<EngineStatus> {
    try {
      const status = await this.#status(readyMs * 2);
      const { header, members } = decodeMembers(await this.#cluster.ask('Cluster/MemberList', nothing, readyMs * 2));
      return {
        clusterId: header.clusterId.toString(16),
        term: status.raftTerm,
        position: status.raftIndex,
        members: members.map(memberOf),
        leader: status.leader === 0n ? undefined : status.leader.toString(16),
        self: status.header.memberId.toString(16),
        startedAt: this.#startedAt,
      };
    } catch (error) {
      throw new KeyFault('unavailable', textOfError(error), this.followed('public'));
    }
  }

  /** Whom the cluster lets do this is the cluster's own business: with users it wants `root`. */
  readonly membership: Membership = {
    add: async (peerUrls) => memberOf(decodeAddedMember(await this.#change('MemberAdd', encodeMemberAdd(peerUrls)))),
    update: async (id, peerUrls) => void (await this.#change('MemberUpdate', encodeMemberUpdate(BigInt(`0x${id}`), peerUrls))),
    remove: async (id) => void (await this.#change('MemberRemove', encodeMemberRemove(BigInt(`0x${id}`)))),
  };

  async unready(): Promise<string | undefined> {
    try {
      const [, { errors }] = await Promise.all([this.#look(readyMs), this.#status(readyMs)]);
      // Alarms: out of space, a damaged member. It answers, and takes no writes.
      return errors.length === 0 ? undefined : errors.join(', ').trim();
    } catch (error) {
      return textOfError(error);
    }
  }

  #refuseTooLarge(operations: readonly Operation[]): void {
    const { valueBytes, pathBytes } = this.#limits;
    for (const { action, path, value } of operations) {
      const length = lengthOf({ action, path });
      if (length > pathBytes) throw new KeyFault('too-large', `a path of ${length}, at most ${pathBytes}`, this.followed('public'));
      if (value === undefined || value.length <= valueBytes) continue;
      throw new KeyFault('too-large', `a value of ${value.length}, at most ${valueBytes}`, this.followed('public'));
    }
  }

  /** Sent once: a member that was added, and whose answer was lost, would be refused as known. */
  async #change(method: string, request: Buffer): Promise<Buffer> {
    try {
      return await this.#cluster.call(`Cluster/${method}`, request, membershipMs);
    } catch (error) {
      throw new KeyFault('unavailable', textOfError(error), this.followed('public'));
    }
  }

  /** What the member at hand says about itself and the cluster. */
  async #status(limitMs: number): Promise<StatusAnswer> {
    return decodeStatus(await this.#cluster.ask('Maintenance/Status', nothing, limitMs));
  }

  /** Once a second: who is in office, and whether the watches keep up with what the cluster itself says. */
  async #beats(): Promise<void> {
    while (!this.#isStopped) {
      const endsAt = performance.now() + beatMs;
      await this.#beat().catch((error) => this.#log.debug({ reason: textOfError(error) }, 'keys: no word from the cluster'));
      const rest = endsAt - performance.now();
      if (rest > 0 && !this.#isStopped) await Promise.race([pause(rest), new Promise<void>((wake) => (this.#wake = wake))]);
    }
  }

  async #beat(): Promise<void> {
    const before = [...this.#spaces.values()].map(({ state }) => ({ index: state.index, revision: state.revision }));
    const { ranges } = await this.#look(beatMs);
    for (const [at, parts] of [...this.#spaces.values()].entries()) {
      const { index, revision } = counterOf(ranges[at]);
      const was = before[at]!;
      // Behind at two looks, and not a step further in between: the watch is one that nobody serves any more.
      const isBehind = index > parts.state.index && was.index === parts.state.index;
      const wentBack = revision < was.revision;
      if (wentBack || (isBehind && parts.isBehind)) parts.feed.restart();
      parts.isBehind = isBehind;
    }
    await this.#sweeper.beat(ranges[this.#spaces.size]?.entries[0]);
  }

  /** The counters and the sweeper's lock, by a read behind all writes. */
  async #look(limitMs: number) {
    const counters = [...this.#spaces.values()].map(({ state }) => ({ range: { key: state.layout.counter } }));
    return await this.#cluster.read({ compare: [], success: [...counters, { range: { key: this.#lock } }], failure: [] }, limitMs);
  }

  #parts(space: Space): SpaceParts {
    const parts = this.#spaces.get(space);
    if (parts === undefined) throw new RangeError(`no space ${space}`);
    return parts;
  }
}

const memberOf = ({ id, ...member }: MemberEntry): Member => ({ id: id.toString(16), ...member });

const nothing = Buffer.alloc(0);
