import { styleText } from 'node:util';
import { confirm, input, search, select } from '@inquirer/prompts';
import { makeVisible } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import type { TicketItem, TicketsPort } from '../access.ts';
import { shortId } from '../commands/port.ts';
import { type Dialog, LeftDesk, type Style } from './dialog.ts';
import { menu, more } from './menu.ts';

const styles: Record<Style, Parameters<typeof styleText>[0]> = { strong: 'bold', danger: ['red', 'bold'], good: 'green' };

/** Tickets that are offered while somebody types. */
const offered = 20;

/** The desk at a terminal: prompts with editing, tickets found while one types. */
export function terminalDialog(tickets: TicketsPort, hasColor: boolean): Dialog {
  const styled = (style: Style, text: string): string => (hasColor ? styleText(styles[style], text) : text);
  const danger = /^ *99\).*$/m;
  const offer = menu.replace(danger, (line) => `${more}${styled('danger', line)}`);
  return {
    isTerminal: true,
    farewell: 'Thanks for using the Weir ticketing service',
    print: (text = '', style) => {
      const visible = text.split('\n').map(makeVisible).join('\n');
      process.stdout.write(`${style === undefined ? visible : styled(style, visible)}\n`);
    },
    choose: async () => {
      process.stdout.write(`${offer}\n`);
      return (await unlessLeft(input({ message: '>', required: true }))).trim();
    },
    ask: (question) => unlessLeft(input({ message: question.trim() })),
    askTicket: (question) =>
      unlessLeft(search<string>({ message: question.trim(), source: async (term) => choices(tickets, term ?? ''), pageSize: 10 })),
    confirm: (question) => unlessLeft(confirm({ message: question, default: false })),
    pick: <Word extends string>(question: string, words: readonly Word[]) =>
      unlessLeft(select<Word>({ message: question, choices: words.map((word) => ({ value: word, name: word })) })),
  };
}

/** What somebody may mean by what was typed so far: the text itself as an id, and tickets in which it occurs. */
async function choices(tickets: TicketsPort, term: string): Promise<{ value: string; name: string }[]> {
  const { items } = await tickets.list({ order: '-updated', ...(term !== '' && { q: term }) }, offered).catch((error: unknown) => {
    if (error instanceof Problem) return { items: [] };
    throw error;
  });
  const found = items.map(choiceOf);
  return term === '' || items.some(({ id }) => shortId(id) === term)
    ? found
    : [...found, { value: term, name: `${makeVisible(term)} (as typed)` }];
}

const choiceOf = ({ id, severity, state, subject }: TicketItem): { value: string; name: string } => ({
  value: id,
  name: `${shortId(id)}  ${severity}, ${state}  ${makeVisible(subject)}`,
});

async function unlessLeft<T>(prompt: Promise<T>): Promise<T> {
  try {
    return await prompt;
  } catch (error) {
    // Ctrl-C and Ctrl-D.
    if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) throw new LeftDesk();
    throw error;
  }
}
