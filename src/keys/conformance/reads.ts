/** What every engine must show to readers. */
import { describe, expect, it } from 'vitest';
import { bytes, faultOf, type Trial, text } from './trial.ts';

export function reads(trial: Trial): void {
  const { fresh, set, valueAt, indexNow, told } = trial;

  describe('reads', () => {
    it('lists by depth and byte order, hidden ones too, as far as it was asked', async () => {
      const dir = fresh();
      for (const name of ['b', 'a0', 'a', 'a-b', 'a/z', '_h/x', 'B', '9', '10']) if (name !== 'a') await set(`${dir}/${name}`, name);
      const paths = async (reach: 'node' | 'children' | 'subtree'): Promise<string[]> =>
        (await trial.engine.read('public', dir, { reach })).below.map((node) => node.path.slice(dir.length + 1));
      const children = ['10', '9', 'B', '_h', 'a', 'a-b', 'a0', 'b'];
      expect(await paths('node')).toEqual([]);
      expect(await paths('children')).toEqual(children);
      expect(await paths('subtree')).toEqual([...children, '_h/x', 'a/z']);
      const page = async (behind: string | undefined, limit: number) => {
        const at = { behind: behind === undefined ? undefined : `${dir}/${behind}`, limit };
        return (await trial.engine.read('public', dir, { reach: 'children', page: at })).below.map((node) =>
          node.path.slice(dir.length + 1),
        );
      };
      expect(await page(undefined, 3)).toEqual(children.slice(0, 3));
      expect(await page('B', 3)).toEqual(children.slice(3, 6));
      expect(await page('a', 100)).toEqual(children.slice(5));
      expect(await page('b', 1)).toEqual([]);
    });

    it('does not take a name for a directory that only begins like it', async () => {
      const dir = fresh();
      for (const name of ['foo/in', 'foobar/out', 'foo0', 'foo-']) await set(`${dir}/${name}`);
      const { below } = await trial.engine.read('public', `${dir}/foo`, { reach: 'subtree' });
      expect(below.map((node) => node.path)).toEqual([`${dir}/foo/in`]);
    });

    it('tells the first gap, or the file in the way', async () => {
      const dir = fresh();
      expect((await faultOf(trial.engine.read('public', `${dir}/b/c`))).cause).toBe(dir);
      await set(`${dir}/f`);
      const missing = await faultOf(trial.engine.read('public', `${dir}/b/c`));
      expect([missing.kind, missing.cause, missing.index]).toEqual(['not-found', `${dir}/b`, await indexNow()]);
      const inTheWay = await faultOf(trial.engine.read('public', `${dir}/f/g/h`));
      expect([inTheWay.kind, inTheWay.cause]).toEqual(['not-directory', `${dir}/f`]);
    });

    it('sees every write that was answered', async () => {
      const dir = fresh();
      const own = async (writer: number): Promise<void> => {
        for (let at = 0; at < 30; at++) {
          const { index } = await set(`${dir}/${writer}`, String(at));
          const reading = await trial.engine.read('public', `${dir}/${writer}`, { isLinearizable: true });
          expect(text(reading.node.value)).toBe(String(at));
          expect(reading.index).toBeGreaterThanOrEqual(index);
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, writer) => own(writer)));
    });

    it('has the root, always', async () => {
      expect((await trial.engine.read('system', '/')).node).toMatchObject({ path: '/', isDir: true, created: 0, modified: 0 });
    });
  });

  describe('spaces', () => {
    it('have nodes, index, history and followers of their own', async () => {
      const path = `${fresh()}/a`;
      const before = await indexNow();
      const system = await told(async () => {
        expect(await told(() => trial.engine.write('system', [{ action: 'set', path, value: bytes('s') }]))).toEqual([]);
      }, 'system');
      expect(system.map(({ node }) => node.path)).toEqual([path]);
      expect(await indexNow()).toBe(before);
      expect(await valueAt(path, 'system')).toBe('s');
      expect((await faultOf(trial.engine.read('public', path))).kind).toBe('not-found');
      expect((await trial.engine.history('system', system[0]?.index ?? 0)).changes.map(({ node }) => node.path)).toEqual([path]);
    });
  });
}
