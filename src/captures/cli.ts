/** The command that captures: `weir packets capture`, beside those of the packets themselves. */
import type { Command } from 'commander';
import { addCapture } from './commands/capture.ts';

/** Adds the command to the group that the packets have made. */
export function addCommands(program: Command): void {
  const packets = program.commands.find((command) => command.name() === 'packets');
  if (packets !== undefined) addCapture(packets);
}
