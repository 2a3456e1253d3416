/** The commands of packets that need no server: `weir packets interfaces|read|dissect`. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addDissect } from './commands/dissect.ts';
import { addInterfaces } from './commands/interfaces.ts';
import { addRead } from './commands/read.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const packets = program.command('packets').description('list interfaces, capture packets, and read captures');
  for (const add of [addInterfaces, addRead, addDissect]) add(packets);
  withExamples(packets, 'weir packets interfaces', 'weir packets read office.pcap', 'weir packets read office.pcap --http');
}
