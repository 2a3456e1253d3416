/** The commands of the jobs: `weir jobs …`, and `weir nc …` in Accelerator's spelling. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addClasses, addSets } from './commands/classes.ts';
import { addAttach, addControls, addList, addLogs, addShow, addSubmit, addWait } from './commands/jobs.ts';
import { addNc } from './commands/nc.ts';
import { addTop } from './commands/top.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const jobs = program.command('jobs').description('submit programs, and watch and stop them');
  for (const add of [addSubmit, addList, addShow, addLogs, addAttach, addControls, addWait, addTop, addSets, addClasses]) add(jobs);
  withExamples(jobs, 'weir jobs submit sleep 60', 'weir jobs list', 'weir jobs logs -f 1138');
  addNc(program);
}
