/**
 * A process that writes keys with many clients is killed (SIGKILL) at random moments, again and again on one store. After each kill: what
 * was answered is there, what was not is there whole or not at all, no index has been given twice (as writers, followers and history
 * saw them), and what clients saw of shared keys is linearizable across the kills. A copy of the folder whose LMDB file is torn, as after
 * the loss of power, must come back the same.
 *
 *   WEIR_SEED=42 vitest run test/keys/kill.test.ts     the same moments again, as far as the machine lets them be
 *   WEIR_KILLS=200 vitest run test/keys/kill.test.ts   more of them
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyEngine } from '../../src/keys/engine.ts';
import { createEmbeddedEngine } from '../../src/keys/lmdb/engine.ts';
import type { KeyNode } from '../../src/keys/tree/node.ts';
import { textValue } from '../../src/keys/tree.ts';
import { isLinearizable, type Operation } from './linearizability.ts';
import { randomOf } from './operations.ts';

const seed = Number(process.env.WEIR_SEED ?? (process.env.WEIR_TEST_ALL === '1' ? Date.now() % 1_000_000 : 7));
const kills = Number(process.env.WEIR_KILLS ?? 5);

const random = randomOf(seed);
const between = (low: number, high: number): number => Math.floor(low + random() * (high - low));

let folder = '';
let store = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-kill-keys-'));
  store = join(folder, 'keys');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What clients know. */
const told = {
  /** By index: who took it, in words that are the same wherever it is told. */
  indexes: new Map<number, string>(),
  /** By counter or pair: the last count that was answered, and the last that was begun. */
  counts: new Map<string, { answered: number; begun: number }>(),
  /** By path: the value that was pushed, for answered pushes; whether its removal was begun, and answered. */
  pushed: new Map<string, { length: number; name: string; pop: 'no' | 'begun' | 'done' }>(),
  /** Pushes that were begun, answered or not. */
  begunPushes: new Set<string>(),
  registers: [] as (Operation & { key: string })[],
  answers: 0,
};
/** One clock over all rounds. */
let moment = 0;

const sawIndex = (index: number, who: string): void => {
  const before = told.indexes.get(index);
  if (before !== undefined && before !== who) throw new Error(`index ${index} was given to "${before}" and to "${who}"`);
  told.indexes.set(index, who);
};

/** Takes the lines of a child in, one after the other. */
class Listener {
  readonly #begun = new Map<string, { words: string[]; call: number }>();
  isReady = false;

  take(line: string): void {
    moment++;
    const [kind = '', id = '', ...words] = line.split(' ');
    if (kind === 'ready') this.isReady = true;
    else if (kind === 'begin') this.#begin(id, words);
    else if (kind === 'change') sawIndex(Number(id), words.slice(0, 2).join(' '));
    else if (kind === 'end') this.#end(id, words);
    else throw new Error(`the child says ${line}`);
  }

  /** The child is dead: what was begun may have happened or not. */
  finish(): void {
    for (const { words, call } of this.#begun.values()) this.#register(words, call, Infinity, []);
  }

  #begin(id: string, words: string[]): void {
    this.#begun.set(id, { words, call: moment });
    const [what = '', name = '', value = ''] = words;
    if (what === 'count' || what === 'pair') counted(`${what} ${name}`).begun = Number(value);
    if (what === 'push') told.begunPushes.add(value);
    const pushed = what === 'pop' ? told.pushed.get(name) : undefined;
    if (pushed !== undefined) pushed.pop = 'begun';
  }

  #end(id: string, result: string[]): void {
    const { words, call } = this.#begun.get(id) as { words: string[]; call: number };
    this.#begun.delete(id);
    told.answers++;
    const [what = '', name = '', value = ''] = words;
    const [outcome, index = '', path = ''] = result;
    if (what === 'read' || what === 'swap' || what === 'write') {
      this.#register(words, call, moment, result);
      return;
    }
    // A passing node may have ended before it is set again; nothing else can be refused.
    if (outcome !== 'ok') throw new Error(`${words.join(' ')} ended in ${result.join(' ')}`);
    if (what === 'count') sawIndex(Number(index), `set /counters/${name}`);
    if (what === 'pair') for (const [at, each] of index.split(',').entries()) sawIndex(Number(each), `set /pairs/${name}/${'xyz'[at]}`);
    if (what === 'count' || what === 'pair') counted(`${what} ${name}`).answered = Number(value);
    if (what === 'push') {
      sawIndex(Number(index), `create ${path}`);
      told.pushed.set(path, { length: Number(name), name: value, pop: 'no' });
    }
    if (what === 'pop') {
      sawIndex(Number(index), `delete ${name}`);
      (told.pushed.get(name) as { pop: string }).pop = 'done';
    }
  }

  #register([what, key = '', first = '', second = '']: string[], call: number, back: number, [outcome, text = '']: string[]): void {
    const isDone = outcome === 'ok';
    if (what === 'read') told.registers.push({ key, kind: 'read', seen: text === 'none' ? undefined : text, call, back });
    if (what === 'write') told.registers.push({ key, kind: 'write', value: first, call, back });
    if (what === 'swap') told.registers.push({ key, kind: 'swap', expected: first, value: second, isDone, call, back });
    if (isDone && what !== 'read' && what !== undefined) sawIndex(Number(text), `${what === 'write' ? 'set' : 'compare-and-swap'} ${key}`);
  }
}

const counted = (name: string): { answered: number; begun: number } => {
  const known = told.counts.get(name) ?? { answered: -1, begun: -1 };
  told.counts.set(name, known);
  return known;
};

const killOne = async (round: number): Promise<void> => {
  const lines = join(folder, `lines-${round}`);
  await writeFile(lines, '');
  const child = spawn(process.execPath, [new URL('./kill-child.ts', import.meta.url).pathname, store, String(round), lines], {
    stdio: 'inherit',
  });
  const ended = once(child, 'close');
  const hasWritten = async (octets: number, patienceMs = Number.POSITIVE_INFINITY): Promise<void> => {
    for (const until = Date.now() + patienceMs; child.exitCode === null && Date.now() < until; await sleep(1)) {
      if ((await stat(lines)).size >= octets) return;
    }
  };
  await hasWritten(1);
  // Mostly early: the first moments are the ones in which the last kill is made good.
  await hasWritten(between(1, 300_000) * random(), 2000);
  child.kill('SIGKILL');
  await ended;
  const listener = new Listener();
  const text = await readFile(lines, 'utf8');
  for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n')) listener.take(line);
  if (!listener.isReady) throw new Error('the child did not start');
  listener.finish();
};

const verify = async (engine: KeyEngine): Promise<void> => {
  const { below, index } = await engine.read('public', '/', { reach: 'subtree' });
  const nodes = new Map(below.map((node) => [node.path, node]));
  const valueAt = (path: string): string | undefined => {
    const node = nodes.get(path);
    return node === undefined ? undefined : textValue(node);
  };
  for (const [name, { answered, begun }] of told.counts) {
    const [what, client] = name.split(' ');
    const paths = what === 'count' ? [`/counters/${client}`] : ['x', 'y', 'z'].map((part) => `/pairs/${client}/${part}`);
    const values = paths.map(valueAt);
    expect(new Set(values).size, `${name} is torn: ${values}`).toBe(1);
    const count = Number(values[0] ?? -1);
    expect(count, name).toBeGreaterThanOrEqual(answered);
    expect(count, name).toBeLessThanOrEqual(begun);
  }
  for (const [path, { length, name, pop }] of told.pushed) {
    const value = valueAt(path);
    if (pop === 'done') expect(value, `${path} was taken away`).toBeUndefined();
    else if (pop === 'no' || value !== undefined) expect([value?.length, value?.startsWith(name)], path).toEqual([length, true]);
  }
  for (const { path } of below) {
    if (path.startsWith('/queue/')) expect(told.begunPushes, path).toContain((valueAt(path) ?? '').replace(/\.*$/, ''));
  }
  await verifyIndexes(engine, index, below);
};

const verifyIndexes = async (engine: KeyEngine, index: number, below: readonly KeyNode[]): Promise<void> => {
  expect(index).toBeGreaterThanOrEqual(Math.max(0, ...told.indexes.keys()));
  const { changes, oldest } = await engine.history('public', 1);
  expect(changes.map((change) => change.index)).toEqual(Array.from({ length: index - oldest + 1 }, (_, at) => oldest + at));
  for (const { index: at, action, node } of changes) sawIndex(at, `${action} ${node.path}`);
  for (const node of below) {
    const who = told.indexes.get(node.modified);
    // A directory has the index of the write that made it.
    if (who !== undefined && !node.isDir) expect(who.endsWith(` ${node.path}`), `${node.path} has the index of "${who}"`).toBe(true);
  }
};

/** The folder as it is found when the machine lost its power: the LMDB file was never synced, and the system is another run. */
const tear = async (path: string): Promise<void> => {
  const identity = JSON.parse(await readFile(join(path, 'store.json'), 'utf8')) as { bootId: string };
  await writeFile(join(path, 'store.json'), JSON.stringify({ ...identity, bootId: 'another run of the machine' }));
  const tree = await open(join(path, 'tree.mdb'), 'r+');
  const { size } = await stat(join(path, 'tree.mdb'));
  for (let page = 0; page < size / 8192; page++)
    if (random() < 0.5) await tree.write(Buffer.alloc(8192, between(0, 256)), 0, 8192, page * 8192);
  if (random() < 0.5) await tree.truncate(between(0, size));
  await tree.close();
};

const openStore = async (path: string): Promise<KeyEngine> => {
  const engine = createEmbeddedEngine({ folder: path, segmentBytes: 2 ** 18, snapshotBytes: 2 ** 20 });
  await engine.start();
  return engine;
};

/** What is kept, without what ends by itself. */
const kept = async (engine: KeyEngine): Promise<unknown> => {
  const { below } = await engine.read('public', '/', { reach: 'subtree' });
  return below.filter(({ path }) => !path.startsWith('/passing/'));
};

test(`keeps its word through ${kills} kills (WEIR_SEED=${seed})`, { timeout: 60_000 + kills * 20_000 }, async () => {
  for (let round = 0; round < kills; round++) {
    await killOne(round);
    const copy = join(folder, 'copy');
    await cp(store, copy, { recursive: true });
    await tear(copy);
    const engine = await openStore(store);
    await verify(engine);
    const here = await kept(engine);
    for (let key = 0; key < 3; key++) await readRegister(engine, `/registers/${key}`);
    await engine.stop();
    const torn = await openStore(copy);
    await verify(torn);
    expect(await kept(torn)).toEqual(here);
    await torn.stop();
    await rm(copy, { recursive: true });
  }
  for (const [key, operations] of Map.groupBy(told.registers, ({ key: of }) => of)) {
    expect(isLinearizable(operations), `what was seen of ${key}`).toBe(true);
  }
  console.info(`kill -9 of the key engine: seed ${seed}, ${kills} kills, ${told.answers} answers, ${told.indexes.size} indexes`);
  expect(told.answers).toBeGreaterThan(0);
});

const readRegister = async (engine: KeyEngine, key: string): Promise<void> => {
  const call = ++moment;
  const node = await engine.read('public', key).then(
    (reading) => reading.node,
    () => undefined,
  );
  told.registers.push({ key, kind: 'read', seen: node === undefined ? undefined : textValue(node), call, back: ++moment });
};
