/** Arguments of a job as variables of Python: `--start-day 5` is `start_day = 5`. */
import { Problem } from '../../core/problem.ts';

const keywords: ReadonlySet<string> = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

/** The assignments, a line each. Throws `invalid` for what is no name of a variable. */
export function assignmentsOf(words: readonly string[]): string {
  const lines: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (!word.startsWith('--')) throw fault(`expected --NAME VALUE, got ${word}`);
    const equals = word.indexOf('=');
    const name = (equals === -1 ? word : word.slice(0, equals)).replace(/^-+/, '').replaceAll('-', '_');
    if (!/^[A-Za-z_]\w*$/.test(name) || keywords.has(name)) throw fault(`${word} is no name of a variable`);
    const value = equals === -1 ? words[++at] : word.slice(equals + 1);
    if (value === undefined) throw fault(`${word} has no value`);
    lines.push(`${name} = ${literalOf(value)}`);
  }
  return lines.join('\n');
}

/**
 * A text as a literal of Python: numbers stay numbers, everything else is a text. `007` is a text: as a number it would not parse.
 * The escapes of JSON are all escapes of Python.
 */
export function literalOf(text: string): string {
  const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);
  return isNumber ? text : JSON.stringify(text);
}

const fault = (detail: string): Problem =>
  new Problem('invalid', 'The arguments of the job are not as expected.', { detail, hint: 'weir submit job.py --name value' });
