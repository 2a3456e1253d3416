/** The commands of the flows, but for `weir import` (commands/import.ts): `weir flows …`, `weir exporters …`, `weir replay`, `weir check`, on a server or on a data directory. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addCheck } from './commands/check.ts';
import { addExport } from './commands/export.ts';
import { addExporters } from './commands/exporters.ts';
import { addList } from './commands/list.ts';
import { addPairs } from './commands/pairs.ts';
import { addReplay } from './commands/replay.ts';
import { addSeal } from './commands/seal.ts';
import { addSeries } from './commands/series.ts';
import { addSummary } from './commands/summary.ts';
import { addTop } from './commands/top.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const flows = program.command('flows').description('look at, export and seal stored flows');
  for (const add of [addList, addTop, addSeries, addPairs, addSummary, addExport, addSeal]) add(flows);
  withExamples(flows, 'weir flows top', 'weir flows list --help');
  addExporters(program);
  addReplay(program);
  addCheck(program);
}
