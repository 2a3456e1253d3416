import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { printHistory, printTicket } from './look.ts';
import { idOf, withTickets } from './port.ts';

/** Adds `weir tickets show`. */
export function addShow(tickets: Command): void {
  const command = tickets
    .command('show')
    .description('show a ticket with its comments')
    .argument('<id>', 'its id; zeros in front may be left out')
    .action(show);
  withExamples(command, 'weir tickets show 10', 'weir tickets show 10 --json');
}

/** Adds `weir tickets history`. */
export function addHistory(tickets: Command): void {
  const command = tickets
    .command('history')
    .description('show who did what to a ticket, and when')
    .argument('<id>', 'its id')
    .action(history);
  withExamples(command, 'weir tickets history 10');
}

async function show(word: string, _options: unknown, command: Command): Promise<void> {
  const output = openOutput(command);
  const id = idOf(word);
  await withTickets(command, async (tickets) => {
    const { ticket } = await tickets.get(id);
    const comments = await tickets.comments(id);
    if (output.form === 'table') printTicket(output, ticket, comments);
    else output.record({ ...ticket, comments });
  });
}

async function history(word: string, _options: unknown, command: Command): Promise<void> {
  const output = openOutput(command);
  const entries = await withTickets(command, (tickets) => tickets.history(idOf(word)));
  if (output.form === 'table') printHistory(output, entries);
  else output.rows(entries, [], ['at', 'by', 'via', 'what', 'changes', 'comment', 'text', 'author']);
}
