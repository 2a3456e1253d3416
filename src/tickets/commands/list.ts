import { type Command, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { TicketsQuery } from '../access.ts';
import { orders } from '../search.ts';
import { printTickets } from './look.ts';
import { withTickets } from './port.ts';

type ListOptions = Omit<TicketsQuery, 'q' | 'include'> & { limit: number; all?: boolean };

/** Adds `weir tickets list`. */
export function addList(tickets: Command): void {
  const command = addChoice(tickets.command('list').description('list tickets that are not over'))
    .option('-a, --all', 'resolved and closed ones too')
    .action(async (options: ListOptions, command: Command) => list(undefined, options, command));
  withExamples(
    command,
    'weir tickets list',
    'weir tickets list --severity high,critical --order -updated',
    'weir tickets list --all --json',
  );
}

/** Adds `weir tickets search`. */
export function addSearch(tickets: Command): void {
  const command = addChoice(tickets.command('search').description('find tickets by words in them or their comments'))
    .argument('<word...>', 'words that must all be there')
    .action(async (words: string[], options: ListOptions, command: Command) => list(words.join(' '), { ...options, all: true }, command));
  withExamples(command, 'weir tickets search printer', 'weir tickets search beacon --host 192.0.2.7');
}

function addChoice(command: Command): Command {
  return command
    .option('--state <states>', 'in one of these states, separated by commas')
    .option('--severity <severities>', 'of one of these severities, separated by commas')
    .option('--assignee <name>', 'whose they are; empty: nobody’s')
    .option('--label <labels>', 'with all of these labels, separated by commas')
    .option('--host <host>', 'about this host')
    .addOption(new Option('--order <order>', 'what they are sorted by').choices([...orders]).default('id'))
    .option('-n, --limit <count>', 'tickets to show at most', wholeNumber(1), 100);
}

const unfinished = 'open,in-progress,waiting';

async function list(q: string | undefined, { limit, all, ...choice }: ListOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const { state = all ? undefined : unfinished, severity, assignee, label, host, order } = choice;
  const words = { q, state, severity, assignee, label, host, order };
  const query: TicketsQuery = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
  const { items, total } = await withTickets(command, (tickets) => tickets.list(query, limit));
  if (output.form === 'table' && total === 0) return output.note(q === undefined ? 'no tickets; good work' : 'no ticket says so');
  printTickets(output, items);
  if (total > items.length) output.note(`${items.length} of ${total}; more with --limit`);
}
