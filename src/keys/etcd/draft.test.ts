import { expect, test } from 'vitest';
import type { Change } from '../tree/change.ts';
import type { KeyNode } from '../tree/node.ts';
import { Draft } from './draft.ts';
import { Layout } from './layout.ts';

const layout = new Layout('w', 'public');

const node = (path: string, more: Partial<KeyNode> = {}): KeyNode => ({
  path,
  isDir: false,
  value: Buffer.from('v'),
  created: 4,
  modified: 4,
  deadline: 0,
  ...more,
});
const change = (action: Change['action'], of: KeyNode, more: Partial<Change> = {}): Change => ({
  index: 5,
  action,
  node: of,
  prev: undefined,
  madeDirs: 0,
  isSilent: false,
  ...more,
});

/** The steps of a draft as words: `put KEY`, `remove KEY` or `remove KEY..END`, without what all keys begin with. */
function words(...changes: [Change, deepest?: number][]): string[] {
  const draft = new Draft(layout);
  for (const [made, deepest = 0] of changes) draft.add(made, deepest);
  const short = (key: Buffer) => JSON.stringify(key.toString('latin1').replace('w/public/', '')).slice(1, -1);
  return draft.steps().map((step) => {
    if ('put' in step) return `put ${short(step.put.key)}`;
    return 'remove' in step
      ? `remove ${short(step.remove.key)}${step.remove.end === undefined ? '' : `..${short(step.remove.end)}`}`
      : 'range';
  });
}

test('a file, its directories and its deadline', () => {
  expect(words([change('set', node('/a/b', { deadline: 7 }), { madeDirs: 1 })])).toEqual([
    'put n/001/a',
    'put n/002/a/b',
    'put t/0000000000000007/a/b',
  ]);
});

test('only the last of several writes to one key', () => {
  const first = node('/a', { deadline: 7 });
  expect(words([change('set', first)], [change('set', node('/a', { deadline: 8 }), { prev: first })])).toEqual([
    'put n/001/a',
    'put t/0000000000000008/a',
    'remove t/0000000000000007/a',
  ]);
  expect(words([change('set', first)], [change('delete', node('/a'), { prev: first })])).toEqual([
    'remove n/001/a',
    'remove t/0000000000000007/a',
  ]);
});

test('a directory goes level by level', () => {
  expect(words([change('delete', node('/d', { isDir: true })), 3])).toEqual([
    'remove n/001/d',
    'remove n/002/d/..n/002/d0',
    'remove n/003/d/..n/003/d0',
  ]);
});

test('and is cut around what is made there again', () => {
  const removed: [Change, number] = [change('delete', node('/d', { isDir: true })), 2];
  const again: [Change] = [change('set', node('/d/x'), { madeDirs: 1 })];
  expect(words([change('set', node('/d/gone'))], removed, again)).toEqual([
    'put n/001/d',
    'put n/002/d/x',
    'remove n/002/d/..n/002/d/x',
    'remove n/002/d/x\\u0000..n/002/d0',
  ]);
});
