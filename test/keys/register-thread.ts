/** A thread with some clients that read, write and swap a few keys at random and note what they saw, for `linearizability.test.ts`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Connection } from '../../src/keys/lmdb/client.ts';
import { connectEngine } from '../../src/keys/lmdb/engine.ts';
import { Tree, textValue } from '../../src/keys/tree.ts';
import type { Operation } from './linearizability.ts';

/** An operation, and the key that it was on. */
export type Seen = Operation & { key: string };

type Setup = { connection: Connection; clock: SharedArrayBuffer; thread: number; clients: number; rounds: number; keys: number };

const { connection, clock, thread, clients, rounds, keys } = workerData as Setup;
const engine = connectEngine(connection);
await engine.start();
const tree = new Tree(engine, 'public');
const seen: Seen[] = [];

// One counter for all threads: a call that began after another's return has the greater number.
const counter = new Int32Array(clock);
const moment = (): number => Atomics.add(counter, 0, 1);

const client = async (name: string): Promise<void> => {
  let last: string | undefined;
  for (let round = 0; round < rounds; round++) {
    const key = `/register-${Math.floor(Math.random() * keys)}`;
    const value = `${name}.${round}`;
    const choice = Math.random();
    const call = moment();
    if (choice < 0.4) {
      const node = await tree.get(key, { isLinearizable: true });
      last = node === undefined ? undefined : textValue(node);
      seen.push({ key, kind: 'read', seen: last, call, back: moment() });
    } else if (choice < 0.6 || last === undefined) {
      await tree.set(key, value);
      seen.push({ key, kind: 'write', value, call, back: moment() });
    } else {
      const isDone = await tree.compareAndSwap(key, { value: last }, value).then(
        () => true,
        () => false,
      );
      seen.push({ key, kind: 'swap', expected: last, value, isDone, call, back: moment() });
    }
    if (Math.random() < 0.1) await sleep(1);
  }
};

await Promise.all(Array.from({ length: clients }, (_, number) => client(`${thread}.${number}`)));
await engine.stop();
parentPort?.postMessage(seen);
