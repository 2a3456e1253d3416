/** The engine's thread: opens the folder, does all writes, takes snapshots, and closes. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { Problem } from '../../core/problem.ts';
import { KeyFault } from '../tree/fault.ts';
import { CommitSignal } from './commit-signal.ts';
import { type OpenFolder, openFolder } from './folder.ts';
import { type Delivery, Keeper, type Recipient } from './keeper.ts';
import type { FaultMessage, FromKeeper, FromThread, ThreadOptions, ToKeeper, ToThread } from './messages.ts';
import { readRequests } from './operations.ts';
import { Snapshots } from './snapshots.ts';

const options = workerData as ThreadOptions;
const owner = parentPort as MessagePort;
const tell = (message: FromThread): void => owner.postMessage(message);

const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('internal', error instanceof Error ? (error.stack ?? error.message) : String(error));

/** A thread that uses keys, as seen from here. */
class PortRecipient implements Recipient {
  readonly #port: MessagePort;

  constructor(port: MessagePort, keeper: Keeper) {
    this.#port = port;
    keeper.attach(this);
    this.say({ type: 'attached', indexes: keeper.indexes });
    port.on('message', (message: ToKeeper) => {
      if (message.type === 'write') keeper.submit(readRequests(Buffer.from(message.buffer), message.length), this);
      else this.say({ type: 'health', id: message.id, trouble: keeper.trouble });
    });
    port.on('close', () => keeper.detach(this));
  }

  deliver({ record, outcomes }: Delivery): void {
    const told = new Int32Array(outcomes.length * 2);
    const faults: FaultMessage[] = [];
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome instanceof KeyFault) faults.push([outcome.kind, outcome.cause, outcome.index]);
      told[at * 2] = outcome instanceof KeyFault ? 0 : outcome.first;
      told[at * 2 + 1] = outcome instanceof KeyFault ? -1 : outcome.count;
    }
    // Each thread gets a copy of its own; the records are small beside the wait for the disk.
    const copy = record === undefined ? undefined : new Uint8Array(record).buffer;
    this.say({ type: 'batch', record: copy, outcomes: told, faults }, copy === undefined ? [] : [copy]);
  }

  say(message: FromKeeper, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

const run = (folder: OpenFolder): void => {
  const snapshots = new Snapshots(folder, options.snapshotBytes, (level, message, facts) => tell({ type: 'log', level, message, facts }));
  const keeper = new Keeper(folder, systemClock, () => snapshots.consider());
  const recipients = new Set<PortRecipient>();
  owner.on('message', (message: ToThread) => {
    if (message.type === 'attach') recipients.add(new PortRecipient(message.port, keeper));
    else void close();
  });
  const close = async (): Promise<void> => {
    try {
      keeper.close();
      for (const recipient of recipients) recipient.say({ type: 'ended', reason: 'the key store was closed' });
      await snapshots.finish();
      await folder.close();
      tell({ type: 'closed' });
    } catch (error) {
      tell({ type: 'failed', problem: asProblem(error).toMessage() });
    }
    owner.close();
    // The ports of others would keep the thread.
    setImmediate(() => process.exit());
  };
  const { identity, recovery } = folder;
  tell({ type: 'open', clusterId: identity.clusterId, memberId: identity.memberId, recovery: recovery.kind, replayed: recovery.replayed });
};

openFolder({ ...options, signal: new CommitSignal(options.signal) }).then(run, (error: unknown) => {
  tell({ type: 'failed', problem: asProblem(error).toMessage() });
});
