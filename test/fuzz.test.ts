import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutate } from '../scripts/mutation.ts';
import { Random } from '../scripts/random.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fuzz = (...args: string[]) => spawnSync(process.execPath, ['scripts/fuzz.ts', ...args], { cwd: root, encoding: 'utf8' });

test('every parser survives a few rounds, and tells seed, pace and memory', () => {
  const { status, stdout, stderr } = fuzz('--seed', '42', '--rounds', '60');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines.map((line) => line.split(':')[0])).toEqual([
    'filter',
    'text',
    'exports',
    'packets',
    'compression',
    'query',
    'framing',
    'transfer',
  ]);
  for (const line of lines) expect(line).toMatch(/: 60 rounds from seed 42, \d+\/s, peak RSS \d+ MiB$/);
});

test('says what it expects of an option', () => {
  expect(fuzz('--only', 'filters')).toMatchObject({
    status: 2,
    stderr: 'fuzz: --only: expected some of filter, text, exports, packets, compression, query, framing, transfer, got "filters"\n',
  });
  expect(fuzz('--rounds', 'many')).toMatchObject({ status: 2, stderr: 'fuzz: --rounds: expected a whole number, got "many"\n' });
});

test('mutates the same way for the same seed and leaves the original alone', () => {
  const original = Buffer.from('the quick brown fox');
  const of = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => Buffer.from(mutate(original, random)).toString('hex'));
  };
  expect(of(1)).toEqual(of(1));
  expect(of(1)).not.toEqual(of(2));
  expect(original.toString()).toBe('the quick brown fox');
});
