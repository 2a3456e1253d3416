import { Problem } from '../core/problem.ts';

/** What a shell would act on, and we do not: better refused than passed on as text. */
const forShells = /[|&;<>()$`*?[\]#~\n]/;

/**
 * The words of a command that came as one text: blanks part them, quotes and backslashes keep them together, nothing else happens. Throws
 * `unprocessable` for what only a shell would understand.
 */
export function splitCommand(text: string, pointer = '/command'): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (quote === "'") {
      if (char === "'") quote = '';
      else word += char;
    } else if (char === '\\') {
      at++;
      if (at === text.length) throw fault('it ends in a backslash', pointer);
      word = (word ?? '') + text[at];
    } else if (quote === '"') {
      if (char === '"') quote = '';
      else if (char === '$' || char === '`')
        throw fault(`only a shell understands ${JSON.stringify(char)}, at character ${at + 1}`, pointer);
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (forShells.test(char)) throw fault(`only a shell understands ${JSON.stringify(char)}, at character ${at + 1}`, pointer);
      word = (word ?? '') + char;
    }
  }
  if (quote !== '') throw fault(`a ${quote} is not closed`, pointer);
  if (word !== undefined) words.push(word);
  return words;
}

const fault = (detail: string, pointer: string): Problem =>
  new Problem('unprocessable', 'The command cannot be split into words.', {
    detail,
    hint: 'send a list of words, quote them, or ask for a shell with "shell": true',
    pointer,
  });
