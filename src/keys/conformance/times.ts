/** What every engine must do as time passes, and when it is stopped meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { KeyEngine } from '../engine.ts';
import type { Operation } from '../tree/operation.ts';
import { bytes, eventually, type Trial, text } from './trial.ts';

export function times(trial: Trial): void {
  const { fresh, set, indexNow, told, untilGone } = trial;

  describe('times to live', () => {
    it('end nodes in the order of their deadlines, not before, each with an event', async () => {
      const dir = fresh();
      const expected = ['c', 'a', 'b'].map((name) => `${dir}/${name}`);
      const changes = await told(async () => {
        await trial.engine.write('public', [
          { action: 'set', path: `${dir}/a`, value: bytes('A'), ttl: 200 },
          { action: 'set', path: `${dir}/b`, value: bytes('B'), ttl: 600 },
          { action: 'set', path: `${dir}/c`, value: bytes('C'), ttl: 100 },
          { action: 'set', path: `${dir}/stays`, value: bytes('S') },
        ]);
        await eventually(async () => (await trial.engine.read('public', dir, { reach: 'children' })).below.length === 1);
      });
      const ended = changes.filter(({ action, node }) => action === 'expire' && node.path.startsWith(dir));
      expect(ended.map(({ node }) => node.path)).toEqual(expected);
      expect(ended.map(({ prev }) => text(prev?.value))).toEqual(['C', 'A', 'B']);
      for (const { node, prev } of ended) {
        expect(node).toMatchObject({ deadline: 0, created: prev?.created });
        expect(prev?.deadline).toBeLessThanOrEqual(Date.now());
      }
    });

    it('of a directory take all below it, with one event', async () => {
      const dir = fresh();
      const changes = await told(async () => {
        await trial.engine.write('public', [
          { action: 'set', path: `${dir}/d`, isDir: true, ttl: 100 },
          { action: 'set', path: `${dir}/d/a`, ttl: 200 },
          { action: 'set', path: `${dir}/d/b/c` },
          { action: 'set', path: `${dir}-last`, ttl: 300 },
        ]);
        await untilGone(`${dir}-last`);
      });
      const ended = changes.filter(({ action, node }) => action === 'expire' && node.path.startsWith(`${dir}/`));
      expect(ended.map(({ node }) => [node.path, node.isDir])).toEqual([[`${dir}/d`, true]]);
    });

    it('end when the node is written anew without one, or deleted, or refreshed', async () => {
      const dir = fresh();
      const changes = await told(async () => {
        // In one transaction, however long the machine takes: none of them ends before it is written again.
        await trial.engine.write('public', [
          ...['set', 'update', 'delete', 'refresh'].map(
            (name): Operation => ({ action: 'set', path: `${dir}/${name}`, value: bytes(name), ttl: 100 }),
          ),
          { action: 'set', path: `${dir}/set`, value: bytes('anew') },
          { action: 'update', path: `${dir}/update`, value: bytes('anew') },
          { action: 'delete', path: `${dir}/delete` },
          { action: 'update', path: `${dir}/refresh`, isRefresh: true, ttl: 600_000 },
          { action: 'set', path: `${dir}-last`, ttl: 200 },
        ]);
        await untilGone(`${dir}-last`);
      });
      expect(changes.filter(({ action, node }) => action === 'expire' && node.path.startsWith(`${dir}/`))).toEqual([]);
      const { below } = await trial.engine.read('public', dir, { reach: 'children' });
      expect(below.map((node) => [text(node.value), node.deadline > 0])).toEqual([
        ['refresh', true],
        ['anew', false],
        ['anew', false],
      ]);
    });

    it('of nothing end at the next sweep', async () => {
      const path = `${fresh()}/a`;
      expect((await set(path, '', { ttl: 0 })).node.deadline).toBeGreaterThan(0);
      await untilGone(path);
    });
  });

  describe('after a restart', () => {
    it('has nodes, indexes, history and identity as before', async ({ skip }) => {
      if (trial.subject.forgets !== undefined) skip(trial.subject.forgets);
      const dir = fresh();
      const first = await set(`${dir}/a`, 'kept', { ttl: 600_000 });
      await trial.engine.write('system', [{ action: 'set', path: `${dir}/s` }]);
      const before = await whole(trial.engine);
      await trial.engine.stop();
      await trial.reopen();
      expect(await whole(trial.engine)).toEqual(before);
      expect((await trial.engine.read('public', `${dir}/a`)).node).toMatchObject({ created: first.index, deadline: first.node.deadline });
      expect(trial.engine.followed('public')).toBe(await indexNow());
      expect((await set(`${dir}/b`)).index).toBe(before.public.index + 1);
    });

    it('ends the nodes whose time has come meanwhile', async ({ skip }) => {
      if (trial.subject.forgets !== undefined) skip(trial.subject.forgets);
      const dir = fresh();
      const [late, , stays] = await trial.engine.write('public', [
        { action: 'set', path: `${dir}/late`, ttl: 200 },
        { action: 'set', path: `${dir}/early`, ttl: 100 },
        { action: 'set', path: `${dir}/stays` },
      ]);
      await trial.engine.stop();
      await sleep(Math.max(0, (late?.node.deadline ?? 0) - Date.now()) + 1);
      await trial.reopen();
      await eventually(async () => (await trial.engine.read('public', dir, { reach: 'children' })).below.length === 1);
      const { changes } = await trial.engine.history('public', (stays?.index ?? 0) + 1);
      expect(changes.map(({ action, node }) => [action, node.path])).toEqual([
        ['expire', `${dir}/early`],
        ['expire', `${dir}/late`],
      ]);
    });
  });
}

/** All that an engine keeps. */
const whole = async (of: KeyEngine) => ({
  public: await of.read('public', '/', { reach: 'subtree' }),
  system: await of.read('system', '/', { reach: 'subtree' }),
  history: await of.history('public', 1),
  clusterId: (await of.status()).clusterId,
});
