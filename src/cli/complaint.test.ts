import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { Problem, problemCodes } from '../core/problem.ts';
import { complain } from './complaint.ts';

test('says title, detail and hint, and exits with the code of the problem', () => {
  const problem = new Problem('conflict', 'it is stored already', { detail: 'as import 3\nof yesterday', hint: '--again' });
  expect(complain(problem)).toEqual({
    lines: ['weir: it is stored already', '  as import 3', '  of yesterday', '  hint: --again'],
    exitCode: problemCodes.conflict.exit,
  });
});

test('turns the words of the option parser into ours', () => {
  const error = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--jsno'\n(Did you mean --json?)");
  expect(complain(error)).toEqual({ lines: ["weir: unknown option '--jsno'", '  hint: did you mean --json?'], exitCode: 2 });
});

test.each([
  ['byte', 'did you mean bytes?'],
  ['hosts', 'weir help explains every command'],
])('of an option with few words, %s is shown the nearest one', (word, hint) => {
  const text = `error: option '--metric <metric>' argument '${word}' is invalid. Allowed choices are bytes, packets, flows.`;
  const { lines } = complain(new CommanderError(1, 'commander.invalidArgument', text));
  expect(lines.at(-1)).toBe(`  hint: ${hint}`);
});

test('shows the stack of what nobody foresaw, and exits 1', () => {
  const { lines, exitCode } = complain(new TypeError('x is not a function'));
  expect(exitCode).toBe(1);
  expect(lines[0]).toBe('weir: x is not a function');
  expect(lines.join('\n')).toContain('complaint.test.ts');
});
