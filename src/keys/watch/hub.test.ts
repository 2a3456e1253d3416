import { beforeEach, expect, test } from 'vitest';
import { MemoryEngine } from '../memory-engine.ts';
import { Tree } from '../tree.ts';
import { WatchHub } from './hub.ts';
import type { Occasion } from './occasion.ts';

let engine: MemoryEngine;
let hub: WatchHub;
let tree: Tree;
beforeEach(() => {
  engine = new MemoryEngine();
  hub = new WatchHub({ engine, space: 'public', limit: 5, now: Date.now }, 100);
  hub.start();
  tree = new Tree(engine, 'public');
});

async function watch(path: string, { isRecursive = false, isStream = true } = {}) {
  const seen: string[] = [];
  const deliver = ({ change }: Occasion) => void seen.push(`${change.action} ${change.node.path}`);
  const end = (reason: string) => void seen.push(`end: ${reason}`);
  const remove = hub.add(path, { isRecursive, isStream, since: 0, deliver, end });
  await hub.look(path);
  return { seen, remove };
}

test('finds watchers at the path and above it', async () => {
  const [exact, above, deep, beside] = await Promise.all([watch('/a/b'), watch('/a'), watch('/', { isRecursive: true }), watch('/a/bc')]);
  await tree.set('/a/b', '1');
  expect([exact.seen, above.seen, deep.seen, beside.seen]).toEqual([['set /a/b'], [], ['set /a/b'], []]);
});

test('tells those whose nodes went with a directory, and nobody whose node was not there', async () => {
  await tree.set('/d/x/y', '1');
  const [there, never, long] = await Promise.all([watch('/d/x/y'), watch('/d/x/z'), watch('/d/x', { isStream: false })]);
  await tree.delete('/d', true);
  expect([there.seen, never.seen, long.seen]).toEqual([['delete /d'], [], ['delete /d']]);
  expect(hub.count).toBe(2);
  await tree.set('/d/x/y', 'again');
  await tree.delete('/d', true);
  expect(there.seen).toEqual(['delete /d', 'set /d/x/y', 'delete /d']);
});

test('keeps hidden names from those above', async () => {
  const [above, inside] = await Promise.all([watch('/h', { isRecursive: true }), watch('/h/_x', { isRecursive: true })]);
  await tree.set('/h/_x/y', '1');
  expect([above.seen, inside.seen]).toEqual([[], ['set /h/_x/y']]);
});

test('refuses one more than its limit, and takes again when one goes', async () => {
  const watches = await Promise.all(Array.from({ length: 5 }, (_, at) => watch(`/w/${at}`)));
  await expect(watch('/w/5')).rejects.toThrow('too many watchers (keys.limits.watchers is 5)');
  watches[0]?.remove();
  watches[0]?.remove();
  await watch('/w/5');
  expect(hub.count).toBe(5);
});

test('makes what it tells once for all', async () => {
  let made = 0;
  const tell = () => {
    made += 1;
    return Buffer.from('x');
  };
  for (let at = 0; at < 3; at++)
    hub.add('/same', { isRecursive: false, isStream: true, since: 0, deliver: (occasion) => void occasion.bytes(tell), end: () => {} });
  await tree.set('/same', '1');
  expect(made).toBe(1);
});

test('ends all when it is stopped', async () => {
  const one = await watch('/a');
  hub.stop();
  expect(one.seen).toEqual(['end: the server stops']);
  expect(hub.count).toBe(0);
});
