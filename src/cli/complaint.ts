import { CommanderError } from 'commander';
import { nearest } from '../core/nearest.ts';
import { Problem, problemCodes } from '../core/problem.ts';

/** What the terminal gets when a command fails: lines for stderr and the exit code. */
export type Complaint = { lines: string[]; exitCode: number };

/**
 * Translates whatever a command threw into one line `weir: TITLE`, indented lines of detail, hint and (with `verbose`) cause,
 * and the exit code of `problemCodes`; anything that is not a Problem is a fault of ours and exits 1.
 */
export function complain(error: unknown, verbose = false): Complaint {
  const problem = asProblem(error);
  const lines = [`weir: ${problem.title}`];
  if (problem.detail) lines.push(...problem.detail.split('\n').map((line) => `  ${line}`));
  if (problem.hint) lines.push(`  hint: ${problem.hint}`);
  const isOurFault = problem.code === 'internal';
  if (verbose || isOurFault) lines.push(...traceOf(problem.cause ?? (verbose ? problem : undefined)));
  return { lines, exitCode: problemCodes[problem.code].exit };
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CommanderError) return usageProblem(error);
  const message = error instanceof Error ? error.message : String(error);
  return new Problem('internal', message, { cause: error });
}

// Commander writes "error: unknown option '--fiter'\n(Did you mean --filter?)"; Weir says the same in its own form.
function usageProblem(error: CommanderError): Problem {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' '))?.[1] ?? nearestChoice(first);
  return new Problem('invalid', first, { hint: suggestion ? `did you mean ${suggestion}?` : 'weir help explains every command' });
}

// Of options with a fixed set of words: "option '--metric <metric>' argument 'byte' is invalid. Allowed choices are bytes, packets, flows."
function nearestChoice(message: string): string | undefined {
  const [, word, choices] = / argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(message) ?? [];
  return word === undefined ? undefined : nearest(word, (choices as string).split(', '));
}

function traceOf(cause: unknown): string[] {
  if (cause === undefined) return [];
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return text.split('\n').map((line) => `  ${line}`);
}
