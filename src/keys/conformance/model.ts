/** Random writes on a small tree, done by an engine and by the simplest one, which must agree (model test, for `suite.ts`). */
import { type Arbitrary, array, boolean, constant, constantFrom, option, record, tuple } from 'fast-check';
import { expect } from 'vitest';
import type { KeyEngine } from '../engine.ts';
import { MemoryEngine } from '../memory-engine.ts';
import type { Change } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import type { KeyNode } from '../tree/node.ts';
import { type Action, actions, type Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';

/** An operation whose path has yet to get its directory in front, and whose `prevIndex` counts back from the index of the moment. */
type Sketch = Omit<Operation, 'prevIndex'> & { indexesBack: number | undefined };

// Few names and values, so that operations meet.
const path = array(constantFrom('a', 'b', '_c'), { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
const value = constantFrom('', 'x', 'y').map((text) => Buffer.from(text));
// An hour: none ends while a test runs. `expire` is what the engine does by itself.
const ttl = constant(3_600_000);
const action: Arbitrary<Action> = constantFrom(...actions.filter((name) => name !== 'expire'));

const sketch: Arbitrary<Sketch> = record({
  action,
  path,
  value,
  isDir: boolean(),
  isRecursive: boolean(),
  isRefresh: tuple(boolean(), boolean()).map(([first, second]) => first && second),
  ttl: option(ttl, { nil: undefined }),
  prevValue: option(value, { nil: undefined }),
  indexesBack: option(constantFrom(0, 1, 2, 3), { nil: undefined }),
}).map(({ ttl: given, prevValue, ...rest }) => ({
  ...rest,
  ...(given === undefined ? {} : { ttl: given }),
  ...(prevValue === undefined ? {} : { prevValue }),
}));

/** Transactions of mostly one operation. */
export const arbitraryWrites: Arbitrary<Sketch[][]> = array(array(sketch, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 30 });

/** Does the writes below a directory with both; everything that they answer must be equal. */
export async function compareWithModel(engine: KeyEngine, dir: Path, writes: readonly Sketch[][]): Promise<void> {
  const model = new MemoryEngine();
  let { index } = await engine.read('public', '/');
  // Both must give the same indexes: the model takes as many as the engine has.
  for (let at = (await model.read('public', '/')).index; at < index; at++)
    await model.write('public', [{ action: 'set', path: '/before' }]);
  for (const sketches of writes) {
    const operations = sketches.map(({ indexesBack, ...operation }) => ({
      ...operation,
      path: dir + operation.path,
      ...(indexesBack === undefined ? {} : { prevIndex: BigInt(index - indexesBack) }),
    }));
    const [did, should] = await Promise.all([outcome(engine, operations), outcome(model, operations)]);
    expect(did).toEqual(should);
    expect(await seen(engine, dir)).toEqual(await seen(model, dir));
    index = (await model.read('public', '/')).index;
  }
}

async function outcome(engine: KeyEngine, operations: readonly Operation[]): Promise<unknown> {
  try {
    return (await engine.write('public', operations)).map(plainChange);
  } catch (error) {
    if (error instanceof KeyFault) return [error.kind, error.cause, error.index];
    throw error;
  }
}

async function seen(engine: KeyEngine, dir: Path): Promise<unknown> {
  try {
    const { index, node, below } = await engine.read('public', dir, { reach: 'subtree', isLinearizable: true });
    return [index, plainNode(node), below.map(plainNode)];
  } catch (error) {
    if (error instanceof KeyFault) return [error.kind, error.cause, error.index];
    throw error;
  }
}

const plainChange = ({ node, prev, ...rest }: Change): unknown => [
  { ...rest },
  plainNode(node),
  prev === undefined ? undefined : plainNode(prev),
];

// The two have clocks of their own: that a node ends is compared, not when.
const plainNode = ({ value: bytes, deadline, ...rest }: KeyNode): unknown => ({
  ...rest,
  value: Buffer.from(bytes).toString('latin1'),
  ends: deadline > 0,
});
