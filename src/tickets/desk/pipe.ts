import { createInterface } from 'node:readline';
import { makeVisible } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import { type Dialog, LeftDesk } from './dialog.ts';
import { farewell, menu } from './menu.ts';

type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

/**
 * The desk at a pipe: lines in, texts out, the questions without a newline behind them, as Python's `input()` asks. What
 * it is sent it does without asking twice: a script that says 99 means it.
 */
export function pipeDialog(input: NodeJS.ReadableStream, output: Output): Dialog {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  const ask = async (question: string): Promise<string> => {
    output.write(question);
    const { value, done } = await lines.next();
    if (done) throw new LeftDesk();
    return value;
  };
  // Only a program may get control characters of somebody's description as they are.
  const safe = (text: string): string => (output.isTTY ? text.split('\n').map(makeVisible).join('\n') : text);
  return {
    isTerminal: false,
    farewell,
    print: (text = '') => void output.write(`${safe(text)}\n`),
    choose: async () => {
      output.write(`${menu}\n`);
      for (;;) {
        const choice = await ask('> ');
        if (choice !== '') return choice;
      }
    },
    ask,
    askTicket: ask,
    confirm: async () => true,
    pick: async <Word extends string>(question: string, words: readonly Word[]) => {
      const said = await ask(`${question} (${words.join(', ')}) `);
      const word = words.find((each) => each === said);
      if (word === undefined) throw new Problem('invalid', `Expected one of ${words.join(', ')}.`);
      return word;
    },
  };
}
