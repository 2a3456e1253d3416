/**
 * Writes to a store until it is killed, for `kill.test.ts`. Everything that a client begins or learns is a line in a file, written at once
 * by one call of the system: the number of a line is a moment, and what was told before the kill is not lost with it.
 *
 *   begin ID CLIENT KIND …     a write or a read begins
 *   end ID RESULT…             it was answered
 *   change INDEX ACTION PATH VALUE     a follower was told
 */
import { openSync, writeSync } from 'node:fs';
import { type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import type { KeyEngine } from '../../src/keys/engine.ts';
import type { Connection } from '../../src/keys/lmdb/client.ts';
import { connectEngine, createEmbeddedEngine } from '../../src/keys/lmdb/engine.ts';
import { KeyFault } from '../../src/keys/tree/fault.ts';
import type { Operation } from '../../src/keys/tree/operation.ts';
import { Tree, textValue } from '../../src/keys/tree.ts';

/** Names of what the clients do. */
const clientsOfEach = 3;
const registers = 3;

const [folder = '', round = '0', lines = ''] = process.argv.slice(2);
const file = openSync(lines, 'a');
const say = (line: string): void => void writeSync(file, `${line}\n`);
let nextId = 0;

/** Lets clients work on the engine for ever; their names begin with `thread`. */
function work(engine: KeyEngine, thread: number): void {
  const tree = new Tree(engine, 'public');

  const attempt = async <T>(what: string, act: () => Promise<T>, tell: (result: T) => string): Promise<void> => {
    const id = `${thread}.${nextId++}`;
    say(`begin ${id} ${what}`);
    try {
      const result = await act();
      say(`end ${id} ok ${tell(result)}`);
    } catch (error) {
      say(`end ${id} fault ${error instanceof KeyFault ? error.kind : String(error)}`);
      if (!(error instanceof KeyFault)) throw error;
    }
  };

  /** Counts in a key of its own. */
  const counter = async (name: string): Promise<void> => {
    for (let count = Number(round) * 1_000_000; ; count++) {
      await attempt(
        `count ${name} ${count}`,
        () => tree.set(`/counters/${name}`, String(count)),
        ({ index }) => String(index),
      );
    }
  };
  /** Counts in two keys by one transaction. */
  const pair = async (name: string): Promise<void> => {
    for (let count = Number(round) * 1_000_000; ; count++) {
      const value = Buffer.from(String(count));
      const operations = ['x', 'y', 'z'].map((part): Operation => ({ action: 'set', path: `/pairs/${name}/${part}`, value }));
      await attempt(
        `pair ${name} ${count}`,
        () => tree.transact(operations),
        (changes) => changes.map(({ index }) => index).join(','),
      );
    }
  };
  /** Adds to a queue, and takes away some of what it added. */
  const queue = async (name: string): Promise<void> => {
    for (let count = 0; ; count++) {
      let path = '';
      const value = `${round}.${name}.${count}${'.'.repeat(Math.floor(Math.random() ** 8 * 50_000))}`;
      await attempt(
        `push ${value.length} ${round}.${name}.${count}`,
        () => tree.createInOrder('/queue', value),
        ({ node, index }) => {
          path = node.path;
          return `${index} ${path}`;
        },
      );
      if (count % 3 !== 0)
        await attempt(
          `pop ${path}`,
          () => tree.delete(path),
          ({ index }) => String(index),
        );
    }
  };
  /** Reads, writes and swaps what the others do too. */
  const register = async (name: string): Promise<void> => {
    let last = 'none';
    for (let count = 0; ; count++) {
      const key = `/registers/${Math.floor(Math.random() * registers)}`;
      const value = `${round}.${name}.${count}`;
      const choice = Math.random();
      if (choice < 0.4)
        await attempt(
          `read ${key}`,
          () => tree.get(key, { isLinearizable: true }),
          (node) => (last = node === undefined ? 'none' : textValue(node)),
        );
      else if (choice < 0.6)
        await attempt(
          `write ${key} ${value}`,
          () => tree.set(key, value),
          ({ index }) => String(index),
        );
      else
        await attempt(
          `swap ${key} ${last} ${value}`,
          () => tree.compareAndSwap(key, { value: last }, value),
          ({ index }) => String(index),
        );
    }
  };
  /** Leaves nodes to end by themselves. */
  const leave = async (name: string): Promise<void> => {
    for (let count = 0; ; count++) {
      await attempt(
        `leave ${name}`,
        () => tree.set(`/passing/${name}.${count % 50}`, 'x', { ttl: 100 }),
        ({ index }) => String(index),
      );
    }
  };

  for (let number = 0; number < clientsOfEach; number++) {
    for (const client of [counter, pair, queue, register, leave]) void client(`${thread}-${number}`);
  }
}

if (parentPort === null) {
  const engine = createEmbeddedEngine({ folder, segmentBytes: 2 ** 18, snapshotBytes: 2 ** 20 });
  await engine.start();
  engine.follow('public', (changes) => {
    for (const { index, action, node } of changes)
      say(`change ${index} ${action} ${node.path} ${Buffer.from(node.value).toString().slice(0, 40)}`);
  });
  const connection = engine.connection();
  const options = { workerData: connection, argv: [folder, round, lines], transferList: [connection.port as MessagePort] };
  new Worker(new URL(import.meta.url), options);
  say('ready');
  work(engine, 1);
} else {
  const engine = connectEngine(workerData as Connection);
  await engine.start();
  work(engine, 2);
}
