import type { MessagePort } from 'node:worker_threads';
import type { EngineStatus, History, KeyEngine, Reading, ReadOptions, Space } from '../engine.ts';
import { spaces } from '../engine.ts';
import type { Change } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import { lengthOf, type Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';
import { CommitSignal } from './commit-signal.ts';
import { ordinalOf } from './layout.ts';
import type { Limits } from './limits.ts';
import type { FromKeeper, ToKeeper } from './messages.ts';
import { Outbox } from './outbox.ts';
import { Reader } from './reader.ts';
import { type Entry, entriesAt } from './record.ts';

/** What a thread needs to use the keys of an engine that another thread has started; it is sent with `port` transferred. */
export type Connection = {
  readonly port: MessagePort;
  readonly file: string;
  readonly signal: SharedArrayBuffer;
  readonly limits: Limits;
  readonly clusterId: string;
  readonly memberId: string;
  readonly startedAt: Date;
};

/** A write that was sent; `beat` tells when. */
type Waiting = {
  beat: number;
  resolve: (changes: readonly Change[]) => void;
  reject: (fault: KeyFault) => void;
  operations: number;
  bytes: number;
};
type Follower = { listener: (changes: readonly Change[]) => void; onBreak: ((reason: string) => void) | undefined };

/** How long `unready` waits for the engine's thread. */
const patienceMs = 900;

/** How long a write waits for a disk that hangs, as on etcd: 7 s, and up to one beat more. */
const beatsOfPatience = 8;
const beatMs = 1000;

/** The keys as one thread uses them: it reads LMDB itself, sends its writes to the engine's thread, and is told of every change. */
export class EngineClient implements KeyEngine {
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #followers = new Map<Space, Set<Follower>>(spaces.map((space) => [space, new Set()]));
  readonly #followed: number[] = spaces.map(() => 0);
  readonly #waiting: Waiting[] = [];
  readonly #asked = new Map<number, (trouble: string | undefined) => void>();
  #reader: Reader | undefined;
  #waitingOperations = 0;
  #waitingBytes = 0;
  #nextAsk = 1;
  /** Counts the seconds that writes wait. */
  #beat = 0;
  #beating: NodeJS.Timeout | undefined;
  /** Why nothing works any more. */
  #ended: string | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#outbox = new Outbox((buffer, length) => this.#say({ type: 'write', buffer, length }, [buffer]));
  }

  async start(): Promise<void> {
    const { port, file, signal } = this.#connection;
    const { promise, resolve } = Promise.withResolvers<void>();
    port.on('message', (message: FromKeeper) => {
      this.#take(message);
      if (message.type === 'attached') resolve();
    });
    port.on('close', () => this.end('the key store has ended'));
    await promise;
    this.#reader = new Reader(file, new CommitSignal(signal));
    this.#beating = setInterval(() => this.#giveUp(), beatMs).unref();
  }

  async stop(): Promise<void> {
    this.end('the key store was closed');
    this.#connection.port.close();
    await this.#reader?.close();
    this.#reader = undefined;
  }

  async read(space: Space, path: Path, options: ReadOptions = {}): Promise<Reading> {
    if (this.#reader === undefined) throw this.#unavailable();
    return this.#reader.read(ordinalOf(space), path, options);
  }

  write(space: Space, operations: readonly Operation[]): Promise<readonly Change[]> {
    const bytes = sizeOf(operations);
    const refusal = this.#refusal(operations, bytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    if (operations.length === 0) return Promise.resolve([]);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Change[]>();
    this.#outbox.put(ordinalOf(space), operations);
    this.#waiting.push({ beat: this.#beat, resolve, reject, operations: operations.length, bytes });
    this.#waitingOperations += operations.length;
    this.#waitingBytes += bytes;
    return promise;
  }

  async history(space: Space, from: number, limit = Number.MAX_SAFE_INTEGER): Promise<History> {
    if (this.#reader === undefined) throw this.#unavailable();
    return this.#reader.history(ordinalOf(space), from, limit);
  }

  follow(space: Space, listener: (changes: readonly Change[]) => void, onBreak?: (reason: string) => void): () => void {
    const follower: Follower = { listener, onBreak };
    const followers = this.#followersOf(space);
    followers.add(follower);
    return () => followers.delete(follower);
  }

  followed(space: Space): number {
    return this.#followed[ordinalOf(space)] ?? 0;
  }

  async status(): Promise<EngineStatus> {
    const { clusterId, memberId, startedAt } = this.#connection;
    const members = [{ id: memberId, name: 'weir', peerUrls: [], clientUrls: [] }];
    const position = this.#followed.reduce((sum, index) => sum + index, 0);
    return { clusterId, term: 1, position, members, leader: memberId, self: memberId, startedAt };
  }

  async unready(): Promise<string | undefined> {
    if (this.#ended !== undefined || this.#reader === undefined) return this.#ended ?? 'the key store is not open';
    const id = this.#nextAsk++;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const timer = setTimeout(() => resolve('the engine of the keys does not answer'), patienceMs);
    this.#asked.set(id, resolve);
    this.#say({ type: 'ask', id });
    const trouble = await promise;
    clearTimeout(timer);
    this.#asked.delete(id);
    return trouble;
  }

  /** Fails all that waits and all that comes: the engine's thread is no more. */
  end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    clearInterval(this.#beating);
    const fault = this.#unavailable();
    for (const { reject } of this.#waiting.splice(0)) reject(fault);
    for (const resolve of this.#asked.values()) resolve(reason);
    for (const followers of this.#followers.values()) for (const { onBreak } of followers) onBreak?.(reason);
  }

  /** Answers the writes that have waited too long. They keep their place: their outcomes still come, and nobody hears them. */
  #giveUp(): void {
    this.#beat++;
    for (const { beat, reject } of this.#waiting) {
      if (this.#beat - beat < beatsOfPatience) return;
      reject(this.#unavailable('the disk does not answer in time'));
    }
  }

  #say(message: ToKeeper, transfer: ArrayBuffer[] = []): void {
    this.#connection.port.postMessage(message, transfer);
  }

  #take(message: FromKeeper): void {
    if (message.type === 'batch') this.#settle(message);
    else if (message.type === 'attached') this.#followed.splice(0, spaces.length, ...message.indexes);
    else if (message.type === 'health') this.#asked.get(message.id)?.(message.trouble);
    else this.end(message.reason);
  }

  /** Listeners first: who has his answer may count on them having been told. */
  #settle({ record, outcomes, faults }: Extract<FromKeeper, { type: 'batch' }>): void {
    const entries = record === undefined ? [] : entriesAt(Buffer.from(record));
    this.#tell(entries);
    let fault = 0;
    for (let at = 0; at < outcomes.length; at += 2) {
      const waiting = this.#waiting[at / 2];
      if (waiting === undefined) break;
      this.#waitingOperations -= waiting.operations;
      this.#waitingBytes -= waiting.bytes;
      const first = outcomes[at] ?? 0;
      const count = outcomes[at + 1] ?? -1;
      if (count === 1) waiting.resolve([(entries[first] as Entry).change]);
      else if (count >= 0) waiting.resolve(entries.slice(first, first + count).map(({ change }) => change));
      else waiting.reject(new KeyFault(...(faults[fault++] as NonNullable<(typeof faults)[number]>)));
    }
    this.#waiting.splice(0, outcomes.length / 2);
  }

  #tell(entries: readonly Entry[]): void {
    for (const space of spaces) {
      const ordinal = ordinalOf(space);
      const changes = entries.filter((entry) => entry.ordinal === ordinal).map(({ change }) => change);
      const last = changes.at(-1);
      if (last === undefined) continue;
      for (const { listener } of [...this.#followersOf(space)]) listener(changes);
      this.#followed[ordinal] = last.index;
    }
  }

  #followersOf(space: Space): Set<Follower> {
    return this.#followers.get(space) as Set<Follower>;
  }

  #refusal(operations: readonly Operation[], bytes: number): KeyFault | undefined {
    const { limits } = this.#connection;
    if (this.#ended !== undefined || this.#reader === undefined) return this.#unavailable();
    const tooLarge = (what: string, size: number, limit: number): KeyFault =>
      new KeyFault('too-large', `${what} of ${size}, at most ${limit}`, this.#followed[0] ?? 0);
    if (operations.length > limits.transactionOperations) {
      return tooLarge('a transaction', operations.length, limits.transactionOperations);
    }
    for (const { path, action, value } of operations) {
      const length = lengthOf({ path, action });
      if (length > limits.pathBytes) return tooLarge('a path', length, limits.pathBytes);
      if (value !== undefined && value.length > limits.valueBytes) return tooLarge('a value', value.length, limits.valueBytes);
    }
    if (bytes > limits.transactionBytes) return tooLarge('a transaction', bytes, limits.transactionBytes);
    const isFull = this.#waitingOperations + operations.length > limits.waitingWrites || this.#waitingBytes + bytes > limits.waitingBytes;
    return isFull && this.#waiting.length > 0 ? this.#unavailable('too many writes wait for the disk') : undefined;
  }

  #unavailable(reason = this.#ended ?? 'the key store is not open'): KeyFault {
    return new KeyFault('unavailable', reason, Math.max(...this.#followed));
  }
}

function sizeOf(operations: readonly Operation[]): number {
  let bytes = 0;
  for (const { value, prevValue } of operations) bytes += (value?.length ?? 0) + (prevValue?.length ?? 0);
  return bytes;
}
