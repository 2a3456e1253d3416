import { expect, test } from 'vitest';
import { createLog, prettyLine } from './log.ts';

function capture(isPretty: boolean) {
  const lines: string[] = [];
  return { lines, log: createLog({ level: 'debug', isPretty, stream: { write: (line) => void lines.push(line) } }) };
}

test('writes one JSON object a line, with the level as a word and the time in ISO 8601', () => {
  const { lines, log } = capture(false);
  log.child({ room: 'flows' }).warn({ rows: 5 }, 'late');
  log.trace('too fine');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    room: 'flows',
    rows: 5,
    msg: 'late',
  });
});

test.each([
  [{ password: 'hunter2' }],
  [{ token: 'hunter2' }],
  [{ user: { password: 'hunter2' } }],
  [{ headers: { authorization: 'Bearer hunter2' } }],
  [{ headers: { 'set-cookie': 'hunter2' } }],
  [{ req: { headers: { authorization: 'hunter2', cookie: 'hunter2' } } }],
])('%j keeps its secret', (facts) => {
  const { lines, log } = capture(false);
  log.info(facts, 'login');
  expect(lines[0]).toContain('[redacted]');
  expect(lines[0]).not.toContain('hunter2');
});

const line = (facts: object) =>
  prettyLine(JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', msg: 'done', ...facts }), { NO_COLOR: '1' });

test('is one short line for people', () => {
  expect(line({ room: 'flows', rows: 5, file: 'a b' })).toBe('03:04:05.678 info  flows: done  rows=5 file=a b\n');
  expect(line({})).toBe('03:04:05.678 info  done\n');
});

test('shows the stack of an error below', () => {
  expect(line({ err: { stack: 'Error: x\n    at y' } })).toBe('03:04:05.678 info  done\n  Error: x\n      at y\n');
});

test('escape sequences from the wire do not reach the terminal', () => {
  expect(line({ msg: '\u001b[2Jgone', name: '\u001b]0;title\u0007\n' })).toBe(
    '03:04:05.678 info  \\x1b[2Jgone  name=\\x1b]0;title\\x07\\x0a\n',
  );
});

test('colours unless NO_COLOR is set', () => {
  expect(prettyLine('{"level":"error","time":"2026-01-02T03:04:05.678Z","msg":"x"}', {})).toContain('\u001b[31merror');
});
