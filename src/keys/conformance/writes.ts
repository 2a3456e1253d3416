/** What every engine must do with writes, one by one. */
import { describe, expect, it } from 'vitest';
import type { Change } from '../tree/change.ts';
import type { FaultKind } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';
import { bytes, faultOf, type Trial, text } from './trial.ts';

export function writes(trial: Trial): void {
  const { fresh, write, one, set, valueAt, indexNow } = trial;

  describe('writes', () => {
    const rules: { title: string; before?: Operation[]; operation: Operation; refusal?: [FaultKind, string]; made?: Partial<Change> }[] = [
      {
        title: 'sets a file and the directories above it',
        operation: { action: 'set', path: '/D/a/b' },
        made: { madeDirs: 2, prev: undefined },
      },
      {
        title: 'refuses a file in the way',
        before: [{ action: 'set', path: '/D/f' }],
        operation: { action: 'set', path: '/D/f/g/h' },
        refusal: ['not-directory', '/D/f'],
      },
      {
        title: 'refuses to set a directory',
        before: [{ action: 'set', path: '/D/d', isDir: true }],
        operation: { action: 'set', path: '/D/d' },
        refusal: ['not-file', '/D/d'],
      },
      {
        title: 'refuses to create what exists',
        before: [{ action: 'set', path: '/D/e' }],
        operation: { action: 'create', path: '/D/e' },
        refusal: ['exists', '/D/e'],
      },
      {
        title: 'refuses to update what is missing, and names the first gap',
        operation: { action: 'update', path: '/D/x/y/z' },
        refusal: ['not-found', '/D'],
      },
      { title: 'refuses to write the root', operation: { action: 'set', path: '/' }, refusal: ['root-read-only', '/'] },
      {
        title: 'refuses a swap of another value',
        before: [{ action: 'set', path: '/D/s', value: bytes('is') }],
        operation: { action: 'compare-and-swap', path: '/D/s', prevValue: bytes('was') },
        refusal: ['compare-failed', '[was != is]'],
      },
      {
        title: 'refuses to delete a directory that is not empty',
        before: [{ action: 'set', path: '/D/n/_m' }],
        operation: { action: 'delete', path: '/D/n', isDir: true },
        refusal: ['not-empty', '/D/n'],
      },
      {
        title: 'refuses to delete a directory as a file',
        before: [{ action: 'set', path: '/D/k', isDir: true }],
        operation: { action: 'delete', path: '/D/k' },
        refusal: ['not-file', '/D/k'],
      },
      {
        title: 'deletes an empty directory',
        before: [{ action: 'set', path: '/D/k', isDir: true }],
        operation: { action: 'delete', path: '/D/k', isDir: true },
        made: { action: 'delete' },
      },
      {
        title: 'refuses to delete with a comparison what is a directory',
        before: [{ action: 'set', path: '/D/k', isDir: true }],
        operation: { action: 'compare-and-delete', path: '/D/k', prevIndex: 1n },
        refusal: ['not-file', '/D/k'],
      },
      {
        title: 'refuses to refresh what is missing',
        before: [{ action: 'set', path: '/D/o' }],
        operation: { action: 'set', path: '/D/r', isRefresh: true, ttl: 60_000 },
        refusal: ['not-found', '/D/r'],
      },
      {
        title: 'compares with indexes of 64 bits',
        before: [{ action: 'set', path: '/D/i' }],
        operation: { action: 'compare-and-swap', path: '/D/i', prevIndex: 2n ** 64n - 1n },
        refusal: ['compare-failed', '[18446744073709551615 != @]'],
      },
    ];
    it.each(rules)('$title', async ({ before = [], operation, refusal, made }) => {
      const dir = fresh();
      const at = (path: string): Path => (path === '/' ? path : path.replace('/D', dir));
      const earlier = await Promise.all(before.map((each) => one({ ...each, path: at(each.path) })));
      const index = await indexNow();
      if (refusal === undefined) {
        expect(await one({ ...operation, path: at(operation.path) })).toMatchObject({ index: index + 1, ...made });
        return;
      }
      const fault = await faultOf(write({ ...operation, path: at(operation.path) }));
      const cause = at(refusal[1]).replace('@', String(earlier[0]?.index));
      expect({ kind: fault.kind, cause: fault.cause, index: fault.index }).toEqual({ kind: refusal[0], cause, index });
      expect(await indexNow(), 'a refused write moved the index').toBe(index);
    });

    it('tells the whole change: node, previous node, indexes', async () => {
      const path = `${fresh()}/a`;
      const first = await set(path, 'one');
      const second = await set(path, 'two');
      expect(second).toMatchObject({ action: 'set', index: first.index + 1, madeDirs: 0, isSilent: false });
      expect(second.node).toMatchObject({ path, isDir: false, created: second.index, modified: second.index, deadline: 0 });
      expect([text(second.prev?.value), text(second.node.value)]).toEqual(['one', 'two']);
      const third = await one({ action: 'update', path, value: bytes('three') });
      expect(third.node).toMatchObject({ created: second.index, modified: third.index });
      const gone = await one({ action: 'delete', path });
      expect(gone.node).toMatchObject({ created: second.index, modified: gone.index });
      expect([text(gone.prev?.value), gone.node.value.length]).toEqual(['three', 0]);
    });

    it('names in-order children by their index, without gaps under many writers', async () => {
      const dir = fresh();
      const made = await Promise.all(Array.from({ length: 50 }, () => one({ action: 'create-in-order', path: dir })));
      const indexes = made.map(({ index }) => index).sort((a, b) => a - b);
      expect(indexes).toEqual(indexes.map((_, at) => (indexes[0] ?? 0) + at));
      for (const { node, index } of made) expect(node.path).toBe(`${dir}/${String(index).padStart(20, '0')}`);
    });

    it('keeps a directory at the index of its making when it is updated', async () => {
      const dir = fresh();
      const made = await set(dir, '', { isDir: true });
      const updated = await one({ action: 'update', path: dir, ttl: 600_000 });
      expect(updated.node.modified).toBe(made.index + 1);
      expect((await trial.engine.read('public', dir)).node).toMatchObject({ modified: made.index, deadline: updated.node.deadline });
    });

    it('lets exactly one of many swaps through', async () => {
      const path = `${fresh()}/counter`;
      await set(path, '0');
      const count = async (): Promise<void> => {
        for (let done = 0; done < 10; ) {
          const { node } = await trial.engine.read('public', path);
          const next = String(Number(text(node.value)) + 1);
          const swap: Operation = { action: 'compare-and-swap', path, value: bytes(next), prevIndex: BigInt(node.modified) };
          done += await one(swap).then(
            () => 1,
            () => 0,
          );
        }
      };
      await Promise.all(Array.from({ length: 8 }, count));
      expect(await valueAt(path)).toBe('80');
    });

    it('keeps any bytes, in names and values', async () => {
      const dir = fresh();
      const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
      const name = all.toString('latin1').replace('/', '');
      await one({ action: 'set', path: `${dir}/${name}`, value: all });
      const { below } = await trial.engine.read('public', dir, { reach: 'children' });
      expect(below.map((node) => node.path)).toEqual([`${dir}/${name}`]);
      expect(Buffer.from(below[0]?.value ?? [])).toEqual(all);
    });

    it('does not look at a value again after it has been handed in', async () => {
      const path = `${fresh()}/a`;
      const value = Buffer.from('before');
      const written = one({ action: 'set', path, value });
      value.fill('x');
      expect(text((await written).node.value)).toBe('before');
      expect(await valueAt(path)).toBe('before');
    });

    it('takes 70 levels', async () => {
      const path = fresh() + '/level'.repeat(69);
      expect((await set(path, 'deep')).madeDirs).toBe(69);
      expect(await valueAt(path)).toBe('deep');
    });
  });
}
