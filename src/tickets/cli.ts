/** The commands of the tickets: `weir tickets …`, on a server or on a data directory. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addDesk } from './commands/desk.ts';
import { addExport } from './commands/export.ts';
import { addList, addSearch } from './commands/list.ts';
import { addRemove } from './commands/remove.ts';
import { addHistory, addShow } from './commands/show.ts';
import { addAssign, addClose, addComment, addCreate, addEdit, addState } from './commands/write.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const tickets = program.command('tickets').description('open, find, change and close tickets');
  const readers = [addList, addSearch, addShow, addHistory];
  const writers = [addCreate, addEdit, addComment, addAssign, addState, addClose, addRemove];
  for (const add of [...readers, ...writers, addExport, addDesk]) add(tickets);
  withExamples(tickets, 'weir tickets list', 'weir tickets create Switch in room 4 is down', 'weir tickets desk');
}
