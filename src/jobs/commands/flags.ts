import { Problem } from '../../core/problem.ts';

/** What each flag of a command takes: nothing, or one value. Accelerator's flags have one dash and many letters. */
export type Flags = Record<string, 'alone' | 'value'>;

/** What was found: the flags in their order, and what stands behind them. */
export type Parsed = { flags: [name: string, value: string][]; rest: string[] };

/** Reads flags up to the first word that is none, or `--`. Throws `invalid`. */
export function parseFlags(words: readonly string[], known: Flags, command: string): Parsed {
  const flags: [string, string][] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') return { flags, rest: words.slice(at + 1) };
    if (!word.startsWith('-') || word === '-') break;
    const kind = known[word];
    if (kind === undefined)
      throw new Problem('invalid', `${command} has no flag ${word}.`, {
        detail: `flags are ${Object.keys(known).join(' ')}`,
        hint: 'weir nc help',
      });
    if (kind === 'value' && at + 1 === words.length) throw new Problem('invalid', `${word} needs a value.`, { hint: 'weir nc help' });
    flags.push([word, kind === 'value' ? (words[++at] as string) : '']);
  }
  return { flags, rest: words.slice(at) };
}

/** As `parseFlags`, for commands whose flags may stand between and behind their words. */
export function parseMixed(words: readonly string[], known: Flags, command: string): Parsed {
  const all: Parsed = { flags: [], rest: [] };
  for (let left = words; left.length > 0; ) {
    const { flags, rest } = parseFlags(left, known, command);
    all.flags.push(...flags);
    if (rest[0] !== undefined) all.rest.push(rest[0]);
    left = rest.slice(1);
  }
  return all;
}

/** The value of a flag, the last one given; undefined when it was not. */
export const lastOf = ({ flags }: Parsed, name: string): string | undefined => flags.findLast(([flag]) => flag === name)?.[1];
export const has = ({ flags }: Parsed, name: string): boolean => flags.some(([flag]) => flag === name);
