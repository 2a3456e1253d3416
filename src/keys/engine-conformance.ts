/**
 * What every key engine must do: one suite, run by each engine's own test (`engineConformance`). It needs vitest, so nothing but tests
 * may import it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, asyncProperty } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyEngine, Space } from './engine.ts';
import { arbitraryWrites, compareWithModel } from './engine-model.ts';
import type { Change } from './tree/change.ts';
import { type FaultKind, KeyFault } from './tree/fault.ts';
import type { Operation } from './tree/operation.ts';
import type { Path } from './tree/path.ts';

/** An engine as its test hands it in. */
export type EngineUnderTest = {
  /** Opens the store, started; again after `stop`, for the tests of what stays. */
  open(): Promise<KeyEngine>;
  /** Removes what it kept. */
  remove(): Promise<void>;
  /** Why it keeps nothing over a restart; the tests of that are skipped. */
  forgets?: string;
  /** Changes it keeps of a space. */
  historyKept: number;
  /** Octets of the longest path that it takes; left out where there is no limit. */
  longestPath?: number;
  /** Octets of the greatest value that it takes; left out where there is no limit. */
  greatestValue?: number;
  /** Runs of the comparison with the model; 100 when left out. */
  modelRuns?: number;
};

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

/** Waits until a look answers true, for as long as the test may last. */
async function eventually(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(5);
}

/** The fault that a promise ends in, as `kind cause`; fails when there is none. */
async function faultOf(promise: Promise<unknown>): Promise<KeyFault> {
  const fault = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof KeyFault)) throw new Error(`expected a fault, got ${fault === undefined ? 'success' : String(fault)}`);
  return fault;
}

/** Runs the suite on stores that `make` makes: one for most tests, and one of its own where a test needs it. */
export function engineConformance(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the engine's contract`, () => {
    let subject: EngineUnderTest;
    let engine: KeyEngine;
    let folders = 0;

    beforeAll(async () => {
      subject = await make();
      engine = await subject.open();
    });
    afterAll(async () => {
      await engine?.stop();
      await subject?.remove();
    });

    /** A directory that no other test uses. */
    const fresh = (): Path => `/test-${++folders}`;
    const write = async (...operations: Operation[]): Promise<readonly Change[]> => await engine.write('public', operations);
    const one = async (operation: Operation): Promise<Change> => (await write(operation))[0] as Change;
    const set = (path: Path, value = '', rest: Partial<Operation> = {}): Promise<Change> =>
      one({ action: 'set', path, value: bytes(value), ...rest });
    const valueAt = async (path: Path, space: Space = 'public'): Promise<string> => text((await engine.read(space, path)).node.value);
    const indexNow = async (space: Space = 'public'): Promise<number> => (await engine.read(space, '/')).index;

    /** Collects what a follower is told while some work is done. */
    const told = async (work: () => Promise<unknown>, space: Space = 'public'): Promise<Change[]> => {
      const changes: Change[] = [];
      const end = engine.follow(space, (more) => changes.push(...more));
      await work();
      const index = await indexNow(space);
      await eventually(() => engine.followed(space) >= index);
      end();
      return changes;
    };

    describe('writes', () => {
      const rules: { title: string; before?: Operation[]; operation: Operation; refusal?: [FaultKind, string]; made?: Partial<Change> }[] =
        [
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
        expect((await engine.read('public', dir)).node).toMatchObject({ modified: made.index, deadline: updated.node.deadline });
      });

      it('lets exactly one of many swaps through', async () => {
        const path = `${fresh()}/counter`;
        await set(path, '0');
        const count = async (): Promise<void> => {
          for (let done = 0; done < 10; ) {
            const { node } = await engine.read('public', path);
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
        const { below } = await engine.read('public', dir, { reach: 'children' });
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

    describe('limits', () => {
      it('takes the longest path, and refuses a longer one without harm', async ({ skip }) => {
        if (subject.longestPath === undefined) return skip('it has no such limit');
        const dir = fresh();
        const path = `${dir}/${'p'.repeat(subject.longestPath - dir.length - 1)}`;
        await set(path, 'long');
        expect(await valueAt(path)).toBe('long');
        expect((await engine.read('public', dir, { reach: 'subtree' })).below.map((node) => node.path)).toEqual([path]);
        expect((await faultOf(set(`${path}x`))).kind).toBe('too-large');
        expect((await faultOf(one({ action: 'create-in-order', path }))).kind).toBe('too-large');
      });

      it('takes the greatest value over another, and refuses a greater one', async ({ skip }) => {
        if (subject.greatestValue === undefined) return skip('it has no such limit');
        const path = `${fresh()}/large`;
        const value = Buffer.alloc(subject.greatestValue, 'v');
        await one({ action: 'set', path, value });
        await one({ action: 'set', path, value });
        expect((await engine.read('public', path)).node.value.length).toBe(value.length);
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
        const { below, index } = await engine.read('public', dir, { reach: 'subtree' });
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
          const fault = await faultOf(engine.write('public', operations));
          expect([fault.kind, fault.cause, fault.index]).toEqual(['exists', `${dir}/a`, before]);
        });
        expect(changes).toEqual([]);
        expect(await indexNow()).toBe(before);
        expect((await faultOf(engine.read('public', dir))).kind).toBe('not-found');
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
          const { below } = await engine.read('public', dir, { reach: 'children', isLinearizable: true });
          expect(text(below[0]?.value)).toBe(text(below[1]?.value));
          await sleep(0);
        }
        await writing;
      });
    });

    describe('reads', () => {
      it('lists by depth and byte order, hidden ones too, as far as it was asked', async () => {
        const dir = fresh();
        for (const name of ['b', 'a0', 'a', 'a-b', 'a/z', '_h/x', 'B', '9', '10']) if (name !== 'a') await set(`${dir}/${name}`, name);
        const paths = async (reach: 'node' | 'children' | 'subtree'): Promise<string[]> =>
          (await engine.read('public', dir, { reach })).below.map((node) => node.path.slice(dir.length + 1));
        const children = ['10', '9', 'B', '_h', 'a', 'a-b', 'a0', 'b'];
        expect(await paths('node')).toEqual([]);
        expect(await paths('children')).toEqual(children);
        expect(await paths('subtree')).toEqual([...children, '_h/x', 'a/z']);
        const page = async (behind: string | undefined, limit: number) => {
          const at = { behind: behind === undefined ? undefined : `${dir}/${behind}`, limit };
          return (await engine.read('public', dir, { reach: 'children', page: at })).below.map((node) => node.path.slice(dir.length + 1));
        };
        expect(await page(undefined, 3)).toEqual(children.slice(0, 3));
        expect(await page('B', 3)).toEqual(children.slice(3, 6));
        expect(await page('a', 100)).toEqual(children.slice(5));
        expect(await page('b', 1)).toEqual([]);
      });

      it('does not take a name for a directory that only begins like it', async () => {
        const dir = fresh();
        for (const name of ['foo/in', 'foobar/out', 'foo0', 'foo-']) await set(`${dir}/${name}`);
        const { below } = await engine.read('public', `${dir}/foo`, { reach: 'subtree' });
        expect(below.map((node) => node.path)).toEqual([`${dir}/foo/in`]);
      });

      it('tells the first gap, or the file in the way', async () => {
        const dir = fresh();
        expect((await faultOf(engine.read('public', `${dir}/b/c`))).cause).toBe(dir);
        await set(`${dir}/f`);
        const missing = await faultOf(engine.read('public', `${dir}/b/c`));
        expect([missing.kind, missing.cause, missing.index]).toEqual(['not-found', `${dir}/b`, await indexNow()]);
        const inTheWay = await faultOf(engine.read('public', `${dir}/f/g/h`));
        expect([inTheWay.kind, inTheWay.cause]).toEqual(['not-directory', `${dir}/f`]);
      });

      it('sees every write that was answered', async () => {
        const dir = fresh();
        const own = async (writer: number): Promise<void> => {
          for (let at = 0; at < 30; at++) {
            const { index } = await set(`${dir}/${writer}`, String(at));
            const reading = await engine.read('public', `${dir}/${writer}`, { isLinearizable: true });
            expect(text(reading.node.value)).toBe(String(at));
            expect(reading.index).toBeGreaterThanOrEqual(index);
          }
        };
        await Promise.all(Array.from({ length: 8 }, (_, writer) => own(writer)));
      });

      it('has the root, always', async () => {
        expect((await engine.read('system', '/')).node).toMatchObject({ path: '/', isDir: true, created: 0, modified: 0 });
      });
    });

    describe('spaces', () => {
      it('have nodes, index, history and followers of their own', async () => {
        const path = `${fresh()}/a`;
        const before = await indexNow();
        const system = await told(async () => {
          expect(await told(() => engine.write('system', [{ action: 'set', path, value: bytes('s') }]))).toEqual([]);
        }, 'system');
        expect(system.map(({ node }) => node.path)).toEqual([path]);
        expect(await indexNow()).toBe(before);
        expect(await valueAt(path, 'system')).toBe('s');
        expect((await faultOf(engine.read('public', path))).kind).toBe('not-found');
        expect((await engine.history('system', system[0]?.index ?? 0)).changes.map(({ node }) => node.path)).toEqual([path]);
      });
    });

    describe('history', () => {
      it('keeps the last changes, silent ones too, and says where it begins', async () => {
        const path = `${fresh()}/a`;
        const first = await set(path, 'x', { ttl: 600_000 });
        await set(path, '', { isRefresh: true, ttl: 600_000 });
        const last = await set(path, 'y');
        const { index, oldest, changes } = await engine.history('public', first.index);
        expect(index).toBe(last.index);
        expect(oldest).toBeLessThanOrEqual(first.index);
        expect(changes.map((change) => [change.index - first.index, change.isSilent, text(change.node.value)])).toEqual([
          [0, false, 'x'],
          [1, true, 'x'],
          [2, false, 'y'],
        ]);
        expect((await engine.history('public', first.index, 2)).changes).toHaveLength(2);
        expect((await engine.history('public', last.index + 1)).changes).toEqual([]);
      });

      it('forgets the oldest beyond its length, and leaves it to the caller to say so', async () => {
        const dir = fresh();
        const writes = subject.historyKept + 20;
        for (let done = 0; done < writes; done += 50) {
          await Promise.all(Array.from({ length: Math.min(50, writes - done) }, (_, at) => set(`${dir}/${at}`)));
        }
        const { index, oldest, changes } = await engine.history('public', 1);
        expect(index - oldest + 1).toBe(subject.historyKept);
        expect(changes.map((change) => change.index)).toEqual(Array.from({ length: subject.historyKept }, (_, at) => oldest + at));
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
        const end = engine.follow('public', (changes) => (seen = changes.at(-1)?.index ?? 0));
        const { index } = await set(path);
        expect(seen).toBeGreaterThanOrEqual(index);
        expect(engine.followed('public')).toBeGreaterThanOrEqual(index);
        end();
        await set(path);
        expect(seen).toBe(index);
      });

      it('begin where `followed` says, so that history and feed meet', async () => {
        const dir = fresh();
        const writing = Promise.all(Array.from({ length: 100 }, (_, at) => set(`${dir}/${at}`)));
        await sleep(1);
        const from = engine.followed('public');
        const fed: number[] = [];
        const end = engine.follow('public', (changes) => fed.push(...changes.map(({ index }) => index)));
        await writing;
        end();
        expect(fed).toEqual(fed.map((_, at) => from + 1 + at));
      });
    });

    describe('times to live', () => {
      it('end nodes in the order of their deadlines, not before, each with an event', async () => {
        const dir = fresh();
        const expected = ['c', 'a', 'b'].map((name) => `${dir}/${name}`);
        const changes = await told(async () => {
          await engine.write('public', [
            { action: 'set', path: `${dir}/a`, value: bytes('A'), ttl: 200 },
            { action: 'set', path: `${dir}/b`, value: bytes('B'), ttl: 600 },
            { action: 'set', path: `${dir}/c`, value: bytes('C'), ttl: 100 },
            { action: 'set', path: `${dir}/stays`, value: bytes('S') },
          ]);
          await eventually(async () => (await engine.read('public', dir, { reach: 'children' })).below.length === 1);
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
          await engine.write('public', [
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
          await engine.write('public', [
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
        const { below } = await engine.read('public', dir, { reach: 'children' });
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

    it('equals the simplest engine in all that it does', async () => {
      const property = asyncProperty(arbitraryWrites, async (writes) => await compareWithModel(engine, fresh(), writes));
      await assert(property, { numRuns: subject.modelRuns ?? 100, endOnFailure: true });
    }, 300_000);

    it('tells who it is, and that it is ready', async () => {
      const status = await engine.status();
      expect(status.clusterId).toMatch(/^[1-9a-f][0-9a-f]{0,15}$/);
      expect(status.members.map(({ id }) => id)).toContain(status.self);
      expect(status.leader).toBeDefined();
      expect(Math.min(status.term, status.position)).toBeGreaterThanOrEqual(1);
      expect(await engine.unready()).toBeUndefined();
    });

    describe('after a restart', () => {
      it('has nodes, indexes, history and identity as before', async ({ skip }) => {
        if (subject.forgets !== undefined) skip(subject.forgets);
        const dir = fresh();
        const first = await set(`${dir}/a`, 'kept', { ttl: 600_000 });
        await engine.write('system', [{ action: 'set', path: `${dir}/s` }]);
        const before = await whole(engine);
        await engine.stop();
        engine = await subject.open();
        expect(await whole(engine)).toEqual(before);
        expect((await engine.read('public', `${dir}/a`)).node).toMatchObject({ created: first.index, deadline: first.node.deadline });
        expect(engine.followed('public')).toBe(await indexNow());
        expect((await set(`${dir}/b`)).index).toBe(before.public.index + 1);
      });

      it('ends the nodes whose time has come meanwhile', async ({ skip }) => {
        if (subject.forgets !== undefined) skip(subject.forgets);
        const dir = fresh();
        const [late, , stays] = await engine.write('public', [
          { action: 'set', path: `${dir}/late`, ttl: 200 },
          { action: 'set', path: `${dir}/early`, ttl: 100 },
          { action: 'set', path: `${dir}/stays` },
        ]);
        await engine.stop();
        await sleep(Math.max(0, (late?.node.deadline ?? 0) - Date.now()) + 1);
        engine = await subject.open();
        await eventually(async () => (await engine.read('public', dir, { reach: 'children' })).below.length === 1);
        const { changes } = await engine.history('public', (stays?.index ?? 0) + 1);
        expect(changes.map(({ action, node }) => [action, node.path])).toEqual([
          ['expire', `${dir}/early`],
          ['expire', `${dir}/late`],
        ]);
      });
    });

    /** Waits until a node is no more. */
    const untilGone = (path: string): Promise<void> =>
      eventually(() =>
        engine.read('public', path).then(
          () => false,
          () => true,
        ),
      );

    /** All that an engine keeps. */
    const whole = async (of: KeyEngine) => ({
      public: await of.read('public', '/', { reach: 'subtree' }),
      system: await of.read('system', '/', { reach: 'subtree' }),
      history: await of.history('public', 1),
      clusterId: (await of.status()).clusterId,
    });
  });
}
