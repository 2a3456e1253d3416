/** What every engine must do with several writes at once, and with those beyond its limits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../tree/operation.ts';
import { bytes, faultOf, type Trial, text } from './trial.ts';

export function transactions(trial: Trial): void {
  const { fresh, write, one, set, valueAt, indexNow, told } = trial;

  describe('limits', () => {
    it('takes the longest path, and refuses a longer one without harm', async ({ skip }) => {
      if (trial.subject.longestPath === undefined) return skip('it has no such limit');
      const dir = fresh();
      const path = `${dir}/${'p'.repeat(trial.subject.longestPath - dir.length - 1)}`;
      await set(path, 'long');
      expect(await valueAt(path)).toBe('long');
      expect((await trial.engine.read('public', dir, { reach: 'subtree' })).below.map((node) => node.path)).toEqual([path]);
      expect((await faultOf(set(`${path}x`))).kind).toBe('too-large');
      expect((await faultOf(one({ action: 'create-in-order', path }))).kind).toBe('too-large');
    });

    it('takes the greatest value over another, and refuses a greater one', async ({ skip }) => {
      if (trial.subject.greatestValue === undefined) return skip('it has no such limit');
      const path = `${fresh()}/large`;
      const value = Buffer.alloc(trial.subject.greatestValue, 'v');
      await one({ action: 'set', path, value });
      await one({ action: 'set', path, value });
      expect((await trial.engine.read('public', path)).node.value.length).toBe(value.length);
      expect((await faultOf(one({ action: 'set', path, value: Buffer.alloc(value.length + 1) }))).kind).toBe('too-large');
      await one({ action: 'delete', path });
    });
  });

  describe('transactions', () => {
    it('does all operations, each on top of those before it', async () => {
      const dir = fresh();
      const changes = await write(
        { action: 'set', path: `${dir}/a`, value: bytes('1') },
        { action: 'create-in-order', path: dir },
        { action: 'compare-and-swap', path: `${dir}/a`, prevValue: bytes('1'), value: bytes('2') },
        { action: 'delete', path: dir, isRecursive: true },
        { action: 'set', path: `${dir}/b`, value: bytes('3') },
      );
      const [first] = changes.map(({ index }) => index);
      expect(changes.map(({ index }) => index - (first ?? 0))).toEqual([0, 1, 2, 3, 4]);
      const { below, index } = await trial.engine.read('public', dir, { reach: 'subtree' });
      expect(below.map((node) => [node.path, text(node.value)])).toEqual([[`${dir}/b`, '3']]);
      expect(index).toBe(changes.at(-1)?.index);
    });

    it('does nothing when one is refused', async () => {
      const dir = fresh();
      const before = await indexNow();
      const changes = await told(async () => {
        const operations: Operation[] = [
          { action: 'set', path: `${dir}/a` },
          { action: 'create', path: `${dir}/a` },
          { action: 'set', path: `${dir}/b` },
        ];
        const fault = await faultOf(trial.engine.write('public', operations));
        expect([fault.kind, fault.cause, fault.index]).toEqual(['exists', `${dir}/a`, before]);
      });
      expect(changes).toEqual([]);
      expect(await indexNow()).toBe(before);
      expect((await faultOf(trial.engine.read('public', dir))).kind).toBe('not-found');
    });

    it('is never seen in half', async () => {
      const dir = fresh();
      const pair = (value: string): Operation[] =>
        ['x', 'y'].map((name) => ({ action: 'set', path: `${dir}/${name}`, value: bytes(value) }));
      await write(...pair('0'));
      let isWriting = true;
      const writing = (async () => {
        for (let at = 1; at <= 50; at++) await write(...pair(String(at)));
        isWriting = false;
      })();
      while (isWriting) {
        const { below } = await trial.engine.read('public', dir, { reach: 'children', isLinearizable: true });
        expect(text(below[0]?.value)).toBe(text(below[1]?.value));
        await sleep(0);
      }
      await writing;
    });
  });
}
