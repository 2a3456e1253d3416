import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { TicketsPort } from '../access.ts';
import { ticketFields } from './look.ts';
import { withTickets } from './port.ts';

/** Adds `weir tickets export`. */
export function addExport(tickets: Command): void {
  const command = tickets
    .command('export')
    .description('print all tickets with comments and history, one JSON document a line')
    .action(exportAll);
  withExamples(command, 'weir tickets export > tickets.ndjson', 'weir tickets export --csv > tickets.csv');
}

async function exportAll(_options: unknown, command: Command): Promise<void> {
  const output = openOutput(command);
  await withTickets(command, async (tickets) => {
    const { items } = await tickets.list({ include: 'description' }, Number.POSITIVE_INFINITY);
    if (output.form === 'csv') return output.rows(items, [], [...ticketFields, 'description']);
    const whole = async ({ id }: { id: string }) => withAll(tickets, id);
    if (output.form === 'json') {
      const all = [];
      for (const item of items) all.push(await whole(item));
      return output.json(all);
    }
    for (const item of items) output.line(JSON.stringify(await whole(item)));
  });
}

async function withAll(tickets: TicketsPort, id: string) {
  const [{ ticket }, comments, history] = await Promise.all([tickets.get(id), tickets.comments(id), tickets.history(id)]);
  const { links: _, ...facts } = ticket;
  return { ...facts, comments: comments.map(({ links: __, ...comment }) => comment), history };
}
