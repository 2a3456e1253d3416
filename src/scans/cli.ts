/** The commands of the scans: `weir scans …`, on a server, or with `run --direct` from this host. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addCancel, addDiff, addList, addRemove, addShow } from './commands/look.ts';
import { addRun } from './commands/run.ts';
import { addSchedules } from './commands/schedules.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const scans = program.command('scans').description('scan ports, and see what has changed');
  for (const add of [addRun, addList, addShow, addDiff, addCancel, addRemove, addSchedules]) add(scans);
  withExamples(scans, 'weir scans run 127.0.0.1 -p 1-1024', 'weir scans list', 'weir scans diff 3 4');
}
