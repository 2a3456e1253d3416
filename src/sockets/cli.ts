/** The commands of the sockets: `weir sockets …`. Most of them need no server: they listen, send and copy themselves. */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { addEcho } from './commands/echo.ts';
import { addListen } from './commands/listen.ts';
import { addLook } from './commands/look.ts';
import { addSend } from './commands/send.ts';
import { addTransfer } from './commands/transfer.ts';

/** Adds the commands of this room to the tree. */
export function addCommands(program: Command): void {
  const sockets = program.command('sockets').description('listen, send, echo and copy files over TCP, UDP and Unix sockets');
  for (const add of [addListen, addSend, addEcho, addTransfer, addLook]) add(sockets);
  withExamples(
    sockets,
    'weir sockets listen tcp://127.0.0.1:9000 --frame line --to records:notes',
    'weir sockets echo check tcp://127.0.0.1:7007',
    'weir sockets transfer send report.pdf --to tcp://192.0.2.7:7010',
  );
}
