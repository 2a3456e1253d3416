import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { addWriter, idOf, shortId, withTickets } from './port.ts';

type RemoveOptions = { all?: boolean; yes?: boolean };

/** Adds `weir tickets rm`. */
export function addRemove(tickets: Command): void {
  const command = addWriter(tickets.command('rm').description('delete tickets, with comments and history'))
    .argument('[id...]', 'their ids')
    .option('--all', 'all of them')
    .option('-y, --yes', 'do not ask')
    .action(remove);
  withExamples(command, 'weir tickets rm 10', 'weir tickets rm --all --yes');
}

async function remove(words: string[], { all, yes }: RemoveOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  if ((all === true) === words.length > 0) throw new Problem('invalid', 'say which tickets', { hint: 'weir tickets rm ID..., or --all' });
  if (all && !yes) await confirmAll();
  await withTickets(command, async (tickets) => {
    if (all) await tickets.removeAll();
    for (const id of words.map(idOf)) {
      await tickets.remove(id);
      output.line(`Ticket ${shortId(id)} has been removed from the system`);
    }
  });
  if (all) output.line('All tickets have been removed from the system');
}

async function confirmAll(): Promise<void> {
  if (!process.stdin.isTTY) throw new Problem('invalid', 'this deletes all tickets', { hint: 'weir tickets rm --all --yes' });
  const { confirm } = await import('@inquirer/prompts');
  if (!(await confirm({ message: 'Delete all tickets?', default: false }))) throw new Problem('invalid', 'nothing was deleted');
}
