/** The commands of the sessions: `weir sessions …`, `weir submit` and `weir sql`. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addList, addLogs, addRemove, addShow } from './commands/sessions.ts';
import { addShell } from './commands/shell.ts';
import { addSql } from './commands/sql.ts';
import { addSubmit } from './commands/submit.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const sessions = program.command('sessions').description('look at interpreters on the server, work in them, and end them');
  for (const add of [addList, addShow, addLogs, addRemove, addShell]) add(sessions);
  withExamples(sessions, 'weir sessions list', 'weir sessions shell', 'weir sessions rm 3');
  addSubmit(program);
  addSql(program);
}
