import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { manualClock } from '../../core/clock.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';
import { CommitSignal } from './commit-signal.ts';
import { type OpenFolder, openFolder } from './folder.ts';
import { type Delivery, Keeper, type Outcome } from './keeper.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { entriesAt } from './record.ts';

let path = '';
let folder: OpenFolder;
let keeper: Keeper;
let delivered: Delivery[] = [];
const clock = manualClock(1_000_000);
/** The machine may be busy. */
const patience = { timeout: 110_000, interval: 1 };
const recipient = { deliver: (delivery: Delivery) => void delivered.push(delivery) };

const openStore = async (limits: Partial<Limits> = {}, at = path): Promise<OpenFolder> =>
  await openFolder({ path: at, limits: { ...defaultLimits, ...limits }, segmentBytes: 64 * 1024, signal: new CommitSignal() });
const begin = async (limits: Partial<Limits> = {}): Promise<void> => {
  folder = await openStore(limits);
  keeper = new Keeper(folder, clock);
  keeper.attach(recipient);
};
/** What a killed process leaves, as far as one process can show it: nothing is synced, nothing is marked clean. */
const abandon = async (): Promise<void> => {
  keeper.close();
  await folder.log.close();
  await folder.store.close();
};

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'weir-keeper-'));
  delivered = [];
  await begin();
});
afterEach(async () => {
  keeper.close();
  await folder.close();
  await rm(path, { recursive: true });
});

const outcomes = (): readonly Outcome[] => delivered.flatMap((delivery) => delivery.outcomes);
const paths = (): string[] =>
  delivered.flatMap(({ record }) =>
    record === undefined ? [] : entriesAt(record).map(({ change }) => `${change.action} ${change.node.path}`),
  );
const submit = async (...writes: Operation[]): Promise<readonly Outcome[]> => {
  const before = outcomes().length;
  keeper.submit(
    writes.map((operation) => ({ ordinal: 0, operations: [operation] })),
    recipient,
  );
  await vi.waitFor(() => expect(outcomes()).toHaveLength(before + writes.length), patience);
  return outcomes().slice(before);
};
const set = (key: string, rest: Partial<Operation> = {}): Operation => ({ action: 'set', path: key, value: Buffer.from(key), ...rest });
const kindOf = (outcome: Outcome | undefined): string => (outcome instanceof KeyFault ? outcome.kind : 'done');

describe('a batch', () => {
  test('takes all that waits, and each write sees those before it', async () => {
    const results = await submit(set('/a'), { action: 'create', path: '/a' }, { action: 'delete', path: '/a' }, set('/a/b'));
    expect(results.map(kindOf)).toEqual(['done', 'exists', 'done', 'done']);
    expect(delivered).toHaveLength(1);
    expect(paths()).toEqual(['set /a', 'delete /a', 'set /a/b']);
    expect(folder.log.sequence).toBe(1);
  });

  test('that changes nothing writes nothing', async () => {
    expect((await submit({ action: 'delete', path: '/none' })).map(kindOf)).toEqual(['not-found']);
    expect(delivered[0]?.record).toBeUndefined();
    expect([folder.log.sequence, folder.store.state.sequence]).toEqual([0, 0]);
  });
});

describe('time', () => {
  test('goes on by the monotonic clock when the wall clock jumps', async () => {
    const wall = vi.spyOn(clock, 'now');
    await submit(set('/a', { ttl: 1000 }));
    wall.mockReturnValue(clock.monotonic() + 100 * 365 * 86_400_000);
    keeper.expire();
    clock.advance(999);
    keeper.expire();
    expect(paths()).toEqual(['set /a']);
    clock.advance(1);
    keeper.expire();
    await vi.waitFor(() => expect(paths()).toEqual(['set /a', 'expire /a']), patience);
    wall.mockRestore();
  });

  test('ends many nodes in the order of their deadlines, and no renewed one', async () => {
    await submit(...Array.from({ length: 1500 }, (_, at) => set(`/n/${at}`, { ttl: 1000 + ((at * 7) % 1500) })));
    await submit(set('/n/0', { ttl: 10_000 }));
    delivered = [];
    clock.advance(5000);
    await vi.waitFor(() => {
      keeper.expire();
      expect(paths()).toHaveLength(1499);
    }, patience);
    const order = Array.from({ length: 1500 }, (_, at) => at)
      .sort((a, b) => ((a * 7) % 1500) - ((b * 7) % 1500))
      .slice(1);
    expect(paths()).toEqual(order.map((at) => `expire /n/${at}`));
  });
});

describe('history', () => {
  test('is bounded by octets too, and keeps the last change whatever its size', async () => {
    await keeper.close();
    await folder.close();
    await begin({ historyBytes: 10_000 });
    for (let at = 0; at < 20; at++) await submit(set(`/h${at}`, { value: Buffer.alloc(1000) }));
    const [space] = folder.store.state.spaces;
    expect(space?.historyBytes).toBeLessThanOrEqual(10_000);
    expect((space?.index ?? 0) - (space?.oldest ?? 0)).toBe(8);
    await submit(set('/large', { value: Buffer.alloc(20_000) }));
    expect(folder.store.state.spaces[0]?.oldest).toBe(folder.store.state.spaces[0]?.index);
  });
});

describe('a disk that fails', () => {
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

  test('at the log: the write is refused, nothing has changed, and it works again when there is room', async () => {
    await submit(set('/before'));
    const append = vi.spyOn(folder.log, 'append').mockImplementation(() => {
      throw noSpace;
    });
    expect((await submit(set('/a'), { action: 'delete', path: '/before' })).map(kindOf)).toEqual(['unavailable', 'unavailable']);
    expect(keeper.trouble).toContain('ENOSPC');
    expect((await submit(set('/b'))).map(kindOf)).toEqual(['unavailable']);
    expect(folder.store.view(0).node('/before')).toBeDefined();
    expect(folder.store.view(0).node('/a')).toBeUndefined();
    append.mockRestore();
    await vi.waitFor(() => expect(keeper.trouble).toBeUndefined(), patience);
    expect((await submit(set('/c'))).map(kindOf)).toEqual(['done']);
    expect(keeper.indexes).toEqual([5, 3]);
    await abandon();
    await begin();
    expect(['/before', '/a', '/b', '/c'].map((key) => folder.store.view(0).node(key)?.modified)).toEqual([4, undefined, undefined, 5]);
  });

  test('at LMDB: what the log has is there when it works again, and no index is given twice', async () => {
    const { store } = folder;
    const transact = store.transact.bind(store);
    const failing = vi.spyOn(store, 'transact').mockImplementation((work) =>
      transact(() => {
        work();
        throw noSpace;
      }),
    );
    expect((await submit(set('/a'))).map(kindOf)).toEqual(['unavailable']);
    expect((await submit(set('/b'))).map(kindOf)).toEqual(['unavailable']);
    expect(store.view(0).node('/a')).toBeUndefined();
    failing.mockRestore();
    await vi.waitFor(() => expect(keeper.trouble).toBeUndefined(), patience);
    expect(paths()).toEqual(['set /a']);
    expect((await submit(set('/c'))).map(kindOf)).toEqual(['done']);
    expect(['/a', '/b', '/c'].map((key) => store.view(0).node(key)?.modified)).toEqual([4, undefined, 5]);
  });
});

describe('opening', () => {
  const fill = async (): Promise<void> => {
    for (let at = 0; at < 30; at++) await submit(set(`/d/${at % 7}`, { ttl: 60_000, value: Buffer.alloc(at * 100, at) }));
    await submit({ action: 'delete', path: '/d/3' });
  };
  const content = (): unknown =>
    ['/d', ...Array.from({ length: 7 }, (_, at) => `/d/${at}`)].map((key) => folder.store.view(0).node(key) ?? key);
  const asOtherBoot = async (at = path): Promise<void> => {
    const file = join(at, 'store.json');
    const identity = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...identity, bootId: 'before the power was lost' }));
  };

  test('after a clean close has nothing to do', async () => {
    await fill();
    const before = content();
    keeper.close();
    await folder.close();
    await begin();
    expect(folder.recovery).toEqual({ kind: 'clean', replayed: 0 });
    expect(content()).toEqual(before);
  });

  test('after a kill trusts LMDB, and repeats what the log has beyond it', async () => {
    await fill();
    const before = content();
    const state = structuredClone(folder.store.state);
    // The record reached the log, and the process died before LMDB's commit.
    const { store } = folder;
    const transact = store.transact.bind(store);
    vi.spyOn(store, 'transact').mockImplementation((work) =>
      transact(() => {
        work();
        throw new Error('killed');
      }),
    );
    await submit(set('/d/0', { value: Buffer.from('last') }));
    await abandon();
    await begin();
    expect(folder.recovery).toEqual({ kind: 'killed', replayed: 1 });
    expect(folder.store.state.spaces[0]?.index).toBe((state.spaces[0]?.index ?? 0) + 1);
    expect(Buffer.from(folder.store.view(0).node('/d/0')?.value ?? []).toString()).toBe('last');
    expect((content() as unknown[]).slice(2)).toEqual((before as unknown[]).slice(2));
  });

  test('after a power loss makes LMDB anew from the log', async () => {
    await fill();
    const before = [content(), folder.store.state, folder.identity.clusterId];
    await abandon();
    await asOtherBoot();
    await truncate(join(path, 'tree.mdb'), 12_345);
    await begin();
    expect(folder.recovery).toEqual({ kind: 'power-loss', replayed: 31 });
    expect([content(), folder.store.state, folder.identity.clusterId]).toEqual(before);
    keeper.expire();
    clock.advance(60_000);
    keeper.expire();
    await vi.waitFor(() => expect(paths().filter((each) => each.startsWith('expire'))).toHaveLength(6), patience);
  });

  test('takes a copy of a folder in use for what it is: a file that may be torn', async () => {
    await fill();
    const before = content();
    const copy = `${path}-copy`;
    await cp(path, copy, { recursive: true });
    await writeFile(join(copy, 'tree.mdb'), 'not LMDB at all');
    await abandon();
    await rm(path, { recursive: true });
    path = copy;
    await begin();
    expect(folder.recovery.kind).toBe('power-loss');
    expect(content()).toEqual(before);
  });

  test('refuses a folder whose identity is missing', async () => {
    await fill();
    await abandon();
    const identity = await readFile(join(path, 'store.json'));
    await rm(join(path, 'store.json'));
    await expect(openStore()).rejects.toMatchObject({ code: 'internal', hint: expect.stringContaining('backup') });
    await writeFile(join(path, 'store.json'), identity);
    await begin();
  });
});
