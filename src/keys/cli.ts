/** The commands of the keys: `weir keys …`, on a Weir, on an etcd that speaks v2, or on a data directory. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addDirectories } from './commands/directory.ts';
import { addExport } from './commands/export.ts';
import { addGet } from './commands/get.ts';
import { addImport } from './commands/import.ts';
import { addList } from './commands/list.ts';
import { addRemove } from './commands/remove.ts';
import { addCreate, addSet, addUpdate } from './commands/set.ts';
import { addTree } from './commands/tree.ts';
import { addWatch } from './commands/watch.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const keys = program.command('keys').description('read, write, watch and move the key tree');
  for (const add of [addGet, addSet, addCreate, addUpdate, addDirectories, addRemove, addList, addTree, addWatch, addExport, addImport])
    add(keys);
  withExamples(keys, 'weir keys tree', 'weir keys set /config/mtu 1500', 'weir keys --server http://127.0.0.1:2379 ls -r');
}
