import { expect, test } from 'vitest';
import { states, statesAfter, subjectOf } from './ticket.ts';

test.each([
  ['one line', 'one line'],
  ['first\nsecond', 'first'],
  ['first\r\nsecond', 'first'],
  ['\n\n  first  \nsecond', 'first'],
  ['', ''],
  ['🎫'.repeat(201), `${'🎫'.repeat(199)}…`],
  ['x'.repeat(200), 'x'.repeat(200)],
  ['x'.repeat(5_000_000), `${'x'.repeat(199)}…`],
])('the subject of %j', (description, subject) => {
  expect(subjectOf(description)).toBe(subject);
});

test('from every state there is a way back to open, and none leads to itself', () => {
  for (const state of states) {
    expect(statesAfter(state)).not.toContain(state);
    expect(state === 'open' || statesAfter(state).includes('open')).toBe(true);
  }
});
