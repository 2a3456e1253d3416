import { expect, test } from 'vitest';
import { pipeThrough } from './child.ts';
import { Problem } from './problem.ts';

async function* pieces(count: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield new Uint8Array(length).fill(at);
}

async function count(source: AsyncIterable<Uint8Array>): Promise<number> {
  let octets = 0;
  for await (const piece of source) octets += piece.length;
  return octets;
}

const cat = { command: 'cat', args: [], install: 'apt-get install coreutils' };

test('passes octets through', async () => {
  expect(await count(pipeThrough(cat, pieces(50, 100_000)))).toBe(5_000_000);
});

test('a missing program is a problem that tells how to get it', async () => {
  const absent = { command: 'weir-no-such-program', args: [], install: 'apt-get install nothing' };
  const problem = await count(pipeThrough(absent, pieces(3, 10))).catch((error: Problem) => error);
  expect(problem).toMatchObject({ code: 'unavailable', hint: 'apt-get install nothing' });
  expect((problem as Problem).title).toContain('weir-no-such-program');
});

test('a failure carries the end of what the program said', async () => {
  const failing = { command: 'sh', args: ['-c', 'head -c 100000 /dev/zero >&2; echo "no such thing" >&2; exit 3'], install: '' };
  const problem = await count(pipeThrough(failing, pieces(100, 100_000))).catch((error: Problem) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).title).toBe('sh stopped with status 3');
  expect((problem as Problem).detail).toMatch(/no such thing$/);
  expect((problem as Problem).detail?.length).toBeLessThanOrEqual(4096);
});

test('the program ends when its reader leaves, and its source is closed', async () => {
  let isClosed = false;
  async function* endless() {
    try {
      for (;;) yield new Uint8Array(100_000);
    } finally {
      isClosed = true;
    }
  }
  for await (const _piece of pipeThrough(cat, endless())) break;
  await expect.poll(() => isClosed).toBe(true);
});

test('a program that writes nothing and reads nothing can be aborted', async () => {
  const controller = new AbortController();
  const sleeping = { command: 'sleep', args: ['60'], install: '' };
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await expect(count(pipeThrough(sleeping, pieces(100, 100_000), controller.signal))).rejects.toThrow('enough');
});

test('a fault of the source is thrown as it is', async () => {
  async function* failing() {
    yield new Uint8Array(10);
    throw new Error('cable pulled');
  }
  await expect(count(pipeThrough(cat, failing()))).rejects.toThrow('cable pulled');
});
