import { expect, test } from 'vitest';
import type { ShownJob } from '../remote.ts';
import { screenOf, sorted, type TopState, tableOf } from './top-view.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const job = (id: number, more: Partial<ShownJob> = {}): ShownJob =>
  ({
    id: String(id).padStart(9, '0'),
    state: 'Queued',
    reason: '',
    user: 'ann',
    priority: 4,
    command_line: `job ${id}`,
    duration: 0,
    ...more,
  }) as ShownJob;
const jobs = [
  job(1, { state: 'Running', started: '2026-11-22T11:59:29Z' }),
  job(2, { priority: 8, reason: 'waits for its turn' }),
  job(3, { user: 'bob' }),
];
const state = (more: Partial<TopState> = {}): TopState => ({
  server: 'http://127.0.0.1:8080',
  facts: {
    jobs: 3,
    states: { Running: 1, Queued: 2 },
    ready: 2,
    running: 1,
    hosts: [{ host: 'h', amounts: { CORES: 4 }, free: { CORES: 3 } }],
  },
  jobs,
  order: 'state',
  isReversed: false,
  isMine: false,
  chosen: undefined,
  message: '',
  now,
  ...more,
});
const idsIn = (more: Partial<TopState>) => sorted(jobs, state(more)).map(({ id }) => Number(id));

test('what runs comes first, then by priority; other orders and backwards on demand', () => {
  expect(idsIn({})).toEqual([1, 2, 3]);
  expect(idsIn({ order: 'priority' })).toEqual([2, 1, 3]);
  expect(idsIn({ order: 'user', isReversed: true })).toEqual([3, 2, 1]);
  expect(idsIn({ order: 'time' })).toEqual([1, 2, 3]);
});

test('a screen has exactly its lines, and the chosen job is among them', () => {
  const lines = screenOf(state({ chosen: '000000003', order: 'id' }), { rows: 6, width: 60 });
  expect(lines).toHaveLength(6);
  expect(lines[0]).toContain('1 running, 2 queued');
  expect(lines[1]).toBe('h: CORES 1/4');
  expect(lines.join('\n')).toContain('\x1b[7m000000003');
});

test('the plain table tells what runs for how long, and why others wait', () => {
  const [, first, second] = tableOf(state(), undefined);
  expect(first).toMatch(/^000000001 {2}Running .* 31s {2}job 1$/);
  expect(second).toMatch(/job 2 {2}\(waits for its turn\)$/);
});

test('names cannot drive the terminal', () => {
  expect(tableOf(state({ jobs: [job(1, { command_line: 'a\x1b[2Jb' })] }), undefined)[1]).toContain('a\\x1b[2Jb');
});
