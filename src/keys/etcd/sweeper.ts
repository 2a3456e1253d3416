import type { Log } from '../../core/log.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Cluster } from './cluster.ts';
import { textOfError } from './cluster-error.ts';
import { decodeLease, encodeLease, encodeLeaseGrant, type KeyValue } from './messages.ts';
import type { SpaceState } from './space-state.ts';
import type { Writer } from './writer.ts';

/** Seconds after which a server that is heard of no more loses the office; etcd grants no fewer than 2. */
const leaseSeconds = 3;
const sweepMs = 250;
const callMs = 1000;
/** Nodes that are ended in one go. */
const dueAtOnce = 120;

export type SweepOptions = {
  /** The key of the office, which all servers of the cluster share. */
  lock: Buffer;
  cluster: Cluster;
  spaces: readonly { state: SpaceState; writer: Writer }[];
  now: () => number;
  log: Log;
};

/**
 * Ends nodes whose deadline has passed. One server does it for all, as long as it keeps the lease that holds the lock; when it
 * goes, the next one takes over. Two that both think it is theirs do no harm: every end is a write like others, which looks at
 * the deadline once more.
 */
export class Sweeper {
  readonly #options: SweepOptions;
  /** Ours while it lives. */
  #lease: bigint | undefined;
  /** By the host's steady clock: when the lease ends unless it is renewed. */
  #leaseEndsAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  get isInOffice(): boolean {
    return this.#lease !== undefined && performance.now() < this.#leaseEndsAt;
  }

  /** Keeps the office, or takes it when it is free; to be called every second with the lock as it stands in the cluster. */
  async beat(lock: KeyValue | undefined): Promise<void> {
    try {
      if (this.#lease !== undefined) await this.#renew(this.#lease);
      else if (lock === undefined) await this.#take();
    } catch (error) {
      this.#options.log.debug({ reason: textOfError(error) }, 'keys: no word from the cluster about the sweeper');
    }
    if (this.#lease !== undefined && !this.isInOffice) this.#leave();
  }

  /** Gives the office back, so that another takes it at once. */
  async stop(): Promise<void> {
    const lease = this.#lease;
    this.#leave();
    await this.#sweeping;
    if (lease !== undefined) await this.#options.cluster.call('Lease/LeaseRevoke', encodeLease(lease), callMs).catch(() => {});
  }

  async #take(): Promise<void> {
    const { cluster, lock, log } = this.#options;
    const askedAt = performance.now();
    const { id } = decodeLease(await cluster.call('Lease/LeaseGrant', encodeLeaseGrant(leaseSeconds), callMs));
    const compare = [{ key: lock, createRevision: 0 }];
    const put = { key: lock, value: Buffer.from(`pid ${process.pid}`), lease: id };
    const { isSuccess } = await cluster.commit({ compare, success: [{ put }], failure: [] }, callMs);
    if (!isSuccess) {
      await cluster.call('Lease/LeaseRevoke', encodeLease(id), callMs);
      return;
    }
    this.#lease = id;
    this.#leaseEndsAt = askedAt + leaseSeconds * 1000;
    this.#timer = setInterval(() => this.#sweep(), sweepMs).unref();
    log.info('keys: this server now ends the nodes whose time is over');
  }

  async #renew(lease: bigint): Promise<void> {
    const askedAt = performance.now();
    const { ttl } = await this.#keepAlive(lease);
    if (ttl > 0) this.#leaseEndsAt = askedAt + leaseSeconds * 1000;
    else this.#leave();
  }

  /** One word and its answer: etcd has it as a stream. */
  async #keepAlive(lease: bigint): Promise<{ ttl: number }> {
    return await new Promise((resolve, reject) => {
      let close = () => {};
      const late = setTimeout(() => {
        close();
        reject(new Error('no answer in time'));
      }, callMs);
      const onAnswer = (answer: Buffer) => {
        clearTimeout(late);
        close();
        resolve(decodeLease(answer));
      };
      const onEnd = (error?: Error) => {
        clearTimeout(late);
        reject(error ?? new Error('the cluster ended the stream'));
      };
      this.#options.cluster.stream('Lease/LeaseKeepAlive', encodeLease(lease), { onAnswer, onEnd }).then((end) => {
        close = end;
      }, onEnd);
    });
  }

  #leave(): void {
    this.#lease = undefined;
    clearInterval(this.#timer);
  }

  #sweep(): void {
    if (!this.isInOffice) return;
    this.#sweeping ??= this.#endDue()
      .catch((error) => this.#options.log.debug({ reason: textOfError(error) }, 'keys: a sweep failed'))
      .finally(() => {
        this.#sweeping = undefined;
      });
  }

  async #endDue(): Promise<void> {
    const { cluster, spaces, now } = this.#options;
    let isMore = true;
    while (isMore && this.isInOffice) {
      const success = spaces.map(({ state }) => ({
        range: { ...state.layout.due(now()), limit: dueAtOnce, isKeysOnly: true, isSerializable: true },
      }));
      const { ranges } = await cluster.read({ compare: [], success, failure: [] }, callMs);
      await Promise.all(spaces.map((space, at) => this.#end(space, ranges[at]?.entries ?? [])));
      isMore = ranges.some((range) => range?.hasMore === true);
    }
  }

  /** In the order of the deadlines: they go into the queue in it. */
  async #end({ state, writer }: { state: SpaceState; writer: Writer }, due: readonly KeyValue[]): Promise<void> {
    const ends = due.map(async ({ key }) => {
      const path = state.layout.pathOf(key);
      try {
        await writer.write([{ action: 'expire', path }], key.toString('latin1'));
      } catch (error) {
        // Renewed, replaced or gone meanwhile: the write has removed its old deadline.
        if (!(error instanceof KeyFault)) throw error;
      }
    });
    await Promise.all(ends);
  }
}
