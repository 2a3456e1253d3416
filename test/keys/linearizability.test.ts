/**
 * Several threads read, write and swap the same keys of one engine; what they saw must be linearizable. The checker itself is shown to
 * refuse what is not.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEmbeddedEngine } from '../../src/keys/lmdb/engine.ts';
import { isLinearizable, type Operation } from './linearizability.ts';
import type { Seen } from './register-thread.ts';

describe('the checker', () => {
  const write = (call: number, back: number, value: string): Operation => ({ kind: 'write', call, back, value });
  const read = (call: number, back: number, seen: string | undefined): Operation => ({ kind: 'read', call, back, seen });
  const swap = (call: number, back: number, expected: string, value: string, isDone = true): Operation => ({
    kind: 'swap',
    call,
    back,
    expected,
    value,
    isDone,
  });

  test.each<[string, Operation[], boolean]>([
    ['a read of what was written', [write(1, 2, 'a'), read(3, 4, 'a')], true],
    ['a read of what was overwritten before it began', [write(1, 2, 'a'), write(3, 4, 'b'), read(5, 6, 'a')], false],
    ['a read of nothing after a write', [write(1, 2, 'a'), read(3, 4, undefined)], false],
    ['a read of either while a write is under way', [write(1, 2, 'a'), write(3, 9, 'b'), read(4, 5, 'a'), read(6, 7, 'b')], true],
    ['time that goes back while a write is under way', [write(1, 2, 'a'), write(3, 9, 'b'), read(4, 5, 'b'), read(6, 7, 'a')], false],
    ['a read of what nobody wrote', [write(1, 2, 'a'), read(3, 4, 'c')], false],
    ['two writes at once, seen in one order', [write(1, 6, 'a'), write(2, 5, 'b'), read(7, 8, 'a'), read(9, 10, 'a')], true],
    ['two writes at once, seen in both orders', [write(1, 6, 'a'), write(2, 5, 'b'), read(7, 8, 'a'), read(9, 10, 'b')], false],
    ['two swaps of the same value that both succeed', [write(1, 2, 'a'), swap(3, 6, 'a', 'b'), swap(4, 5, 'a', 'c')], false],
    ['one swap that fails because of the other', [write(1, 2, 'a'), swap(3, 6, 'a', 'b'), swap(4, 5, 'a', 'c', false)], true],
    ['a swap that fails for no reason', [write(1, 2, 'a'), swap(3, 4, 'a', 'b', false)], false],
    ['a lost write', [write(1, 2, 'a'), write(3, 4, 'b'), read(5, 6, 'a'), read(7, 8, 'a')], false],
    ['a write that never returned and took effect', [write(1, 2, 'a'), write(3, Infinity, 'b'), read(4, 5, 'a'), read(6, 7, 'b')], true],
    ['a write that never returned and did not', [write(1, 2, 'a'), write(3, Infinity, 'b'), read(4, 5, 'a')], true],
    ['a write that never returned, undone', [write(1, 2, 'a'), write(3, Infinity, 'b'), read(4, 5, 'b'), read(6, 7, 'a')], false],
  ])('judges %s', (_, operations, expected) => {
    expect(isLinearizable(operations)).toBe(expected);
  });

  /** All orders that real time allows, tried one by one: slow and plainly right. */
  const bySearch = (left: readonly Operation[], value: string | undefined): boolean => {
    if (left.length === 0) return true;
    const first = Math.min(...left.map(({ back }) => back));
    return left.some((operation) => {
      if (operation.call > first) return false;
      const rest = left.filter((other) => other !== operation);
      if (operation.kind === 'read') return operation.seen === value && bySearch(rest, value);
      if (operation.kind === 'write') return bySearch(rest, operation.value);
      return operation.isDone === (operation.expected === value) && bySearch(rest, operation.isDone ? operation.value : value);
    });
  };

  test('agrees with a search through all orders', () => {
    const value = constantFrom('a', 'b');
    const sketch = record({
      kind: constantFrom('read', 'write', 'swap'),
      value,
      expected: value,
      isDone: constantFrom(true, false),
      length: integer({ min: 1, max: 9 }),
    });
    let refused = 0;
    assert(
      property(array(sketch, { maxLength: 7 }), (sketches) => {
        const operations = sketches.map(
          ({ kind, length, value: text, ...rest }, at): Operation =>
            ({ kind, call: at * 3, back: at * 3 + length + 0.5 + at / 100, seen: text, value: text, ...rest }) as Operation,
        );
        const isRight = bySearch(operations, undefined);
        refused += isRight ? 0 : 1;
        expect(isLinearizable(operations)).toBe(isRight);
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

test('what threads see of the same keys is linearizable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-linear-'));
  const engine = createEmbeddedEngine({ folder, segmentBytes: 2 ** 20, snapshotBytes: 2 ** 20 });
  await engine.start();
  try {
    const clock = new SharedArrayBuffer(4);
    const seen = await Promise.all(
      [1, 2, 3].map(async (thread) => {
        const connection = engine.connection();
        const workerData = { connection, clock, thread, clients: 4, rounds: 150, keys: 3 };
        const worker = new Worker(new URL('./register-thread.ts', import.meta.url), { workerData, transferList: [connection.port] });
        const { promise, resolve, reject } = Promise.withResolvers<Seen[]>();
        worker.once('message', resolve).once('error', reject);
        return await promise;
      }),
    );
    const byKey = Map.groupBy(seen.flat(), ({ key }) => key);
    expect(byKey.size).toBe(3);
    for (const [key, operations] of byKey) {
      expect(operations.length).toBeGreaterThan(300);
      expect(isLinearizable(operations), `what was seen of ${key}`).toBe(true);
      // The same history with one answer changed is refused, so it is not trivially right.
      const reads = operations.filter((operation) => operation.kind === 'read' && operation.seen !== undefined);
      const wrong = reads[Math.floor(reads.length / 2)] as Operation;
      expect(
        isLinearizable(
          operations.map((operation) => (operation === wrong ? { ...operation, seen: 'never written' } : operation) as Operation),
        ),
      ).toBe(false);
    }
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true });
  }
});
