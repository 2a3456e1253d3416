import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { addWriter, withTickets } from './port.ts';

/** Adds `weir tickets desk`. */
export function addDesk(tickets: Command): void {
  const command = addWriter(tickets.command('desk').description('sit at the ticket desk: a menu, or lines from standard input')).action(
    desk,
  );
  withExamples(command, 'weir tickets desk', "printf '3\\nSwitch is down\\n1\\n6\\n' | weir tickets desk");
}

// Loaded on demand: prompts are of no use to help and completion.
async function desk(_options: unknown, command: Command): Promise<void> {
  const { runDesk } = await import('../desk/desk.ts');
  const { color } = openOutput(command);
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  await withTickets(command, async (tickets) => {
    if (isTerminal) await runDesk(tickets, (await import('../desk/terminal.ts')).terminalDialog(tickets, color));
    else await runDesk(tickets, (await import('../desk/pipe.ts')).pipeDialog(process.stdin, process.stdout));
  });
}
