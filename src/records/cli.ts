/** The commands of the records: `weir records …`, on a server. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addExport, addImport } from './commands/bulk.ts';
import { addGet, addList } from './commands/look.ts';
import { addRemove } from './commands/remove.ts';
import { addSchema } from './commands/schema.ts';
import { addWatch } from './commands/watch.ts';
import { addCreate, addPatch, addSet } from './commands/write.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const records = program.command('records').description('keep JSON records in collections: lists, notes, what scripts collect');
  for (const add of [addList, addGet, addCreate, addSet, addPatch, addRemove, addImport, addExport, addWatch, addSchema]) add(records);
  withExamples(
    records,
    'weir records list',
    "weir records create todos -f title='Buy milk' -F completed=false",
    'weir records watch todos',
  );
}
