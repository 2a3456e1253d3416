import type { Clock } from '../../core/clock.ts';
import { KeyFault } from '../tree/fault.ts';
import { planAll } from '../tree/plan-all.ts';
import type { OpenFolder } from './folder.ts';
import type { Request } from './operations.ts';
import { type Entry, encodeRecord } from './record.ts';

/** What became of one write: its changes within the record, or the fault. */
export type Outcome = { first: number; count: number } | KeyFault;

/** What a batch brought, told to every thread that reads keys. */
export type Delivery = {
  /** The record of the log; undefined when the batch changed nothing. Whoever keeps it past the call copies it. */
  readonly record: Buffer | undefined;
  /** Outcomes of the recipient's own writes, in the order in which it asked. */
  readonly outcomes: readonly Outcome[];
};

/** A thread that writes and reads keys. */
export type Recipient = { deliver(delivery: Delivery): void };

/** Most operations of a batch: what is planned and written while others wait. */
const batchOperations = 1024;
/** Octets of values after which a batch is closed. */
const batchBytes = 4 * 2 ** 20;
/** Nodes that one sweep ends in one batch. */
const expiredAtOnce = 512;
/** How often nodes are looked for whose time has come, as etcd does. */
const sweepMs = 500;
/** How long to wait after a failure before the disk is tried again. */
const healMs = 1000;

type Pending = { request: Request; recipient: Recipient | undefined };

/**
 * Does all writes of a store, one batch after the other. While a batch goes to the disk the next one gathers (group commit), so
 * that many writers share one wait. A batch is planned and applied in one transaction of LMDB, written to the log, and only then
 * committed: whatever anybody can read is durable, and what the log refused never happened.
 */
export class Keeper {
  readonly #folder: OpenFolder;
  readonly #clock: Clock;
  /** Wall time minus monotonic time at the start: the time of day goes on from there, however the wall clock is set. */
  readonly #epochMs: number;
  readonly #recipients = new Set<Recipient>();
  readonly #onBatch: () => void;
  #pending: Pending[] = [];
  #isScheduled = false;
  #sweep: NodeJS.Timeout | undefined;
  #heal: NodeJS.Timeout | undefined;
  #trouble: string | undefined;
  /** A record that is in the log, and that LMDB could not take. */
  #stranded: Buffer | undefined;
  #isClosed = false;

  constructor(folder: OpenFolder, clock: Clock, onBatch: () => void = () => {}) {
    this.#folder = folder;
    this.#clock = clock;
    this.#epochMs = clock.now() - clock.monotonic();
    this.#onBatch = onBatch;
    if (folder.store.hasDeadlines()) this.#armSweep();
  }

  /** Why nothing can be written; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Index of each space, behind all that was delivered so far. */
  get indexes(): number[] {
    return this.#folder.store.state.spaces.map(({ index }) => index);
  }

  /** From now on the recipient is told of every batch. */
  attach(recipient: Recipient): void {
    this.#recipients.add(recipient);
  }

  detach(recipient: Recipient): void {
    this.#recipients.delete(recipient);
  }

  /** Takes writes; their outcomes are delivered in the order of their coming. */
  submit(requests: readonly Request[], recipient?: Recipient): void {
    for (const request of requests) this.#pending.push({ request, recipient });
    this.#schedule();
  }

  /** Does what is waiting and takes nothing any more. */
  close(): void {
    clearInterval(this.#sweep);
    clearTimeout(this.#heal);
    while (this.#pending.length > 0) this.#work();
    this.#isClosed = true;
  }

  /** Ends the nodes whose time has come. */
  expire(): void {
    const { store } = this.#folder;
    if (this.#trouble !== undefined) return;
    const due = store.due(this.#now(), expiredAtOnce);
    // One that was renewed, or that goes with its directory, is refused when its turn comes.
    this.submit(due.map(({ ordinal, path }) => ({ ordinal, operations: [{ action: 'expire', path }] })));
    if (due.length === 0 && !store.hasDeadlines()) this.#disarmSweep();
  }

  #now(): number {
    return Math.floor(this.#epochMs + this.#clock.monotonic());
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed || this.#pending.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#work();
      this.#schedule();
    });
  }

  #work(): void {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    if (this.#trouble !== undefined) {
      const refusal = this.#unavailable(this.#trouble);
      this.#deliver(
        undefined,
        batch,
        batch.map(() => refusal),
      );
      return;
    }
    const outcomes: Outcome[] = [];
    try {
      const record = this.#commit(batch, outcomes);
      this.#stranded = undefined;
      this.#deliver(record, batch, outcomes);
      this.#onBatch();
    } catch (error) {
      this.#fail(error);
      const refusal = this.#unavailable(this.#trouble ?? '');
      this.#deliver(
        undefined,
        batch,
        batch.map(() => refusal),
      );
    }
  }

  #takeBatch(): Pending[] {
    let operations = 0;
    let bytes = 0;
    let taken = 0;
    while (taken < this.#pending.length && operations < batchOperations && bytes < batchBytes) {
      for (const { value } of this.#pending[taken++]?.request.operations ?? []) {
        operations++;
        bytes += value?.length ?? 0;
      }
    }
    return this.#pending.splice(0, taken);
  }

  #commit(batch: readonly Pending[], outcomes: Outcome[]): Buffer | undefined {
    const { store } = this.#folder;
    return store.transact(() => {
      const entries: Entry[] = [];
      const now = this.#now();
      for (const { request } of batch) outcomes.push(this.#plan(request, entries, now));
      return entries.length === 0 ? undefined : this.#log(entries, now);
    });
  }

  #plan({ ordinal, operations }: Request, entries: Entry[], now: number): Outcome {
    const { store } = this.#folder;
    const changes = planAll(operations, { view: store.view(ordinal), index: store.indexOf(ordinal), now });
    if (changes instanceof KeyFault) return changes;
    const outcome = { first: entries.length, count: changes.length };
    for (const change of changes) {
      store.apply(ordinal, change);
      entries.push({ ordinal, change });
      if (change.node.deadline !== 0) this.#armSweep();
    }
    return outcome;
  }

  /** The last step of a transaction: when it returns, what was applied is durable. */
  #log(entries: readonly Entry[], now: number): Buffer {
    const { store, log, identity } = this.#folder;
    const sequence = log.sequence + 1;
    const record = encodeRecord(entries, sequence, now, identity.salt);
    store.remember(record);
    store.reach(sequence);
    log.append(record);
    this.#stranded = record;
    return record;
  }

  #deliver(record: Buffer | undefined, batch: readonly Pending[], outcomes: readonly Outcome[]): void {
    const own = new Map<Recipient, Outcome[]>();
    for (const [at, { recipient }] of batch.entries()) {
      if (recipient === undefined) continue;
      const list = own.get(recipient);
      if (list === undefined) own.set(recipient, [outcomes[at] as Outcome]);
      else list.push(outcomes[at] as Outcome);
    }
    for (const recipient of this.#recipients) {
      const list = own.get(recipient);
      if (record !== undefined || list !== undefined) recipient.deliver({ record, outcomes: list ?? [] });
    }
  }

  #unavailable(reason: string): KeyFault {
    return new KeyFault('unavailable', reason, Math.max(...this.indexes));
  }

  #fail(error: unknown): void {
    this.#trouble = error instanceof Error ? error.message : String(error);
    clearTimeout(this.#heal);
    this.#heal = setTimeout(() => this.#tryAgain(), healMs);
  }

  /** Brings a stranded record into LMDB, or writes an empty one to see that the disk takes it. */
  #tryAgain(): void {
    const { store } = this.#folder;
    const record = this.#stranded;
    try {
      if (record === undefined) store.transact(() => this.#log([], this.#now()));
      else store.transact(() => store.repeat(record, 0));
      this.#stranded = undefined;
      this.#trouble = undefined;
      if (record !== undefined) this.#deliver(record, [], []);
    } catch (error) {
      this.#fail(error);
    }
  }

  #armSweep(): void {
    this.#sweep ??= setInterval(() => this.expire(), sweepMs);
  }

  #disarmSweep(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
