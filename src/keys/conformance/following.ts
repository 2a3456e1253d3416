/** What every engine must tell of changes, while they happen and afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Trial, text } from './trial.ts';

export function following(trial: Trial): void {
  const { fresh, set, indexNow, told } = trial;

  describe('history', () => {
    it('keeps the last changes, silent ones too, and says where it begins', async () => {
      const path = `${fresh()}/a`;
      const first = await set(path, 'x', { ttl: 600_000 });
      await set(path, '', { isRefresh: true, ttl: 600_000 });
      const last = await set(path, 'y');
      const { index, oldest, changes } = await trial.engine.history('public', first.index);
      expect(index).toBe(last.index);
      expect(oldest).toBeLessThanOrEqual(first.index);
      expect(changes.map((change) => [change.index - first.index, change.isSilent, text(change.node.value)])).toEqual([
        [0, false, 'x'],
        [1, true, 'x'],
        [2, false, 'y'],
      ]);
      expect((await trial.engine.history('public', first.index, 2)).changes).toHaveLength(2);
      expect((await trial.engine.history('public', last.index + 1)).changes).toEqual([]);
    });

    it('forgets the oldest beyond its length, and leaves it to the caller to say so', async () => {
      const dir = fresh();
      const writes = trial.subject.historyKept + 20;
      for (let done = 0; done < writes; done += 50) {
        await Promise.all(Array.from({ length: Math.min(50, writes - done) }, (_, at) => set(`${dir}/${at}`)));
      }
      const { index, oldest, changes } = await trial.engine.history('public', 1);
      expect(index - oldest + 1).toBe(trial.subject.historyKept);
      expect(changes.map((change) => change.index)).toEqual(Array.from({ length: trial.subject.historyKept }, (_, at) => oldest + at));
    });
  });

  describe('followers', () => {
    it('are told of every change, in order and without gaps, whoever writes', async () => {
      const dir = fresh();
      const before = await indexNow();
      const changes = await told(() => Promise.all(Array.from({ length: 200 }, (_, at) => set(`${dir}/${at % 7}`, String(at)))));
      expect(changes.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, at) => before + 1 + at));
    });

    it('are told before the writer has his answer', async () => {
      const path = `${fresh()}/a`;
      let seen = 0;
      const end = trial.engine.follow('public', (changes) => (seen = changes.at(-1)?.index ?? 0));
      const { index } = await set(path);
      expect(seen).toBeGreaterThanOrEqual(index);
      expect(trial.engine.followed('public')).toBeGreaterThanOrEqual(index);
      end();
      await set(path);
      expect(seen).toBe(index);
    });

    it('begin where `followed` says, so that history and feed meet', async () => {
      const dir = fresh();
      const writing = Promise.all(Array.from({ length: 100 }, (_, at) => set(`${dir}/${at}`)));
      await sleep(1);
      const from = trial.engine.followed('public');
      const fed: number[] = [];
      const end = trial.engine.follow('public', (changes) => fed.push(...changes.map(({ index }) => index)));
      await writing;
      end();
      expect(fed).toEqual(fed.map((_, at) => from + 1 + at));
    });
  });
}
