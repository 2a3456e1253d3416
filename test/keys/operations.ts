/** Random writes for the engines of the keys, and forms of their answers that can be compared. */
import { type Action, actions, type Operation } from '../../src/keys/tree/operation.ts';

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Few names, so that writes meet: files where directories are wanted, and the other way round. */
const names = ['a', 'b', 'c', '_h', '\xff', 'a0'];

export function randomOperation(random: () => number): Operation {
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const depth = random() < 0.02 ? 0 : 1 + Math.floor(random() * 4);
  const path = depth === 0 ? '/' : Array.from({ length: depth }, () => `/${one(names)}`).join('');
  const action: Action = one(actions);
  const some = <Value>(chance: number, name: string, value: () => Value) => (random() < chance ? { [name]: value() } : {});
  const isCompare = action === 'compare-and-swap' || action === 'compare-and-delete';
  const compare = isCompare
    ? random() < 0.5
      ? { prevValue: bytes(one(['1', '2'])) }
      : { prevIndex: BigInt(4 + Math.floor(random() * 30)) }
    : {};
  return {
    action,
    path,
    ...some(0.7, 'value', () => bytes(one(['1', '2', '3']))),
    ...some(0.2, 'isDir', () => true),
    ...some(0.3, 'ttl', () => Math.floor(random() * 200)),
    ...some(0.3, 'isRecursive', () => true),
    ...some(0.1, 'isRefresh', () => true),
    ...compare,
  };
}

/** The same with bytes as text, so that kinds of arrays do not matter. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, plain(item)]),
  );
}

/** Waits until something holds, for as long as the test may last. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((wake) => setTimeout(wake, 5));
}
