import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Change } from '../tree/change.ts';
import { Occasion } from '../watch/occasion.ts';
import { Outlet } from './outlet.ts';

const tell = ({ change }: Occasion): Buffer => Buffer.from(`${change.index};`);
const tellLast = ({ change }: Occasion): Buffer => Buffer.from(`${change.index}.`);
const occasion = (index: number): Occasion => new Occasion({ index } as Change, 0);

function outlet(takes = () => true) {
  const log: string[] = [];
  const made = new Outlet({
    tell,
    tellLast,
    write: (lines) => {
      log.push(Buffer.concat([...lines]).toString());
      return takes();
    },
    drop: (reason) => void log.push(`dropped: ${reason}`),
    cut: () => void log.push('cut'),
  });
  return { made, log };
}

/** Long enough for all that waits. */
async function turns(count = 30): Promise<void> {
  for (let done = 0; done < count; done++) await turn();
}

test('what comes before its turn is one write', async () => {
  const { made, log } = outlet();
  for (const index of [1, 2, 3]) made.event(occasion(index), false);
  expect(log).toEqual([]);
  await turns();
  made.event(occasion(4), true);
  await turns();
  made.event(occasion(5), false);
  await turns();
  expect(log).toEqual(['1;2;3;', '4.']);
});

test('many are served some at a time, each once, and others have their turn between', async () => {
  const outlets = Array.from({ length: 1000 }, () => outlet());
  for (const { made } of outlets) made.event(occasion(1), false);
  await turn();
  const served = () => outlets.filter(({ log }) => log.length === 1).length;
  expect(served()).toBeGreaterThan(0);
  expect(served()).toBeLessThan(500);
  for (const { made } of outlets) made.event(occasion(2), false);
  await turns(100);
  expect(new Set(outlets.map(({ log }) => log.join('')))).toEqual(new Set(['1;2;']));
});

test('a client that does not read is waited for, and dropped when it is too far behind', async () => {
  const { made, log } = outlet(() => false);
  made.event(occasion(1), false);
  await turns();
  for (let index = 2; index < 100; index++) made.event(occasion(index), false);
  await turns();
  expect(log).toEqual(['1;']);
  made.drained();
  await turns();
  expect(log[1]).toMatch(/^2;3;.*;99;$/);
  for (let index = 100; index < 10_000; index++) made.event(occasion(index), false);
  await turns();
  expect(log.slice(2)).toEqual(['dropped: 4097 changes (19585 octets) behind']);
});

test('large events count by their octets, beyond what etcd grants', async () => {
  const { made, log } = outlet(() => false);
  const block = Buffer.alloc(1 << 20);
  const heavy = { bytes: () => block } as unknown as Occasion;
  made.event(occasion(1), false);
  await turns();
  for (let count = 0; count < 100; count++) made.event(heavy, false);
  expect(log).toEqual(['1;']);
  made.event(heavy, false);
  expect(log).toEqual(['1;', 'dropped: 101 changes (105906176 octets) behind']);
});

test('what waits goes out before the answer breaks off', () => {
  const { made, log } = outlet();
  made.event(occasion(1), false);
  made.end();
  made.end();
  expect(log).toEqual(['1;', 'cut']);
});
