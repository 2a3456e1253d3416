/** `weir sessions …`: look at sessions, and end them. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { LivySession } from '../remote.ts';
import { kindOf } from './acquire.ts';
import { withSessions } from './port.ts';

const columns: TableColumn<LivySession>[] = [
  { title: 'id', align: 'right', show: ({ id }) => String(id) },
  { title: 'name', show: ({ name }) => name ?? '' },
  { title: 'kind', show: kindOf },
  { title: 'state', show: ({ state }) => state },
  { title: 'owner', show: ({ owner }) => owner ?? '' },
  { title: 'application', show: ({ appId }) => appId ?? '' },
];

/** Adds `weir sessions list`. */
export function addList(group: Command): void {
  const command = group
    .command('list')
    .description('list the sessions of a server')
    .action(async (_options: unknown, command: Command) => {
      const output = openOutput(command);
      const sessions = await withSessions(command, (client) => client.sessions());
      if (output.form === 'table' && sessions.length === 0) return output.note('no sessions');
      output.rows(sessions, columns, ['id', 'name', 'kind', 'state', 'owner', 'appId']);
    });
  withExamples(command, 'weir sessions list', 'weir sessions list --json');
}

/** Adds `weir sessions show`. */
export function addShow(group: Command): void {
  const command = group
    .command('show')
    .description('show a session')
    .argument('<id>', 'its id, or its name')
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = await withSessions(command, (client) => client.session(id));
      const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
      const isTold = (value: unknown) => value !== null && value !== 0 && JSON.stringify(value) !== '[]' && JSON.stringify(value) !== '{}';
      openOutput(command).record(session, () =>
        Object.entries({ ...session, kind: kindOf(session), log: [] })
          .filter(([, value]) => isTold(value))
          .map(([name, value]): [string, string] => [name, text(value)]),
      );
    });
  withExamples(command, 'weir sessions show 3');
}

/** Adds `weir sessions logs`. */
export function addLogs(group: Command): void {
  const command = group
    .command('logs')
    .description('print what a session has printed outside of statements')
    .argument('<id>', 'its id, or its name')
    .option('-f, --follow', 'go on as it comes, until the session ends')
    .option('-n, --lines <count>', 'only the last lines', wholeNumber(0))
    .action(async (id: string, { follow, lines }: { follow?: boolean; lines?: number }, command: Command) => {
      await withSessions(command, async (client) => {
        let piece = await client.log(id, undefined, lines ?? -1);
        for (let next = 0; ; piece = await client.log(id, next, -1)) {
          for (const line of piece.log) process.stdout.write(`${line}\n`);
          next = piece.from + piece.log.length;
          if (follow !== true) return;
          const { state } = await client.session(id);
          if (['error', 'dead', 'killed', 'success'].includes(state) && piece.log.length === 0) return;
          if (piece.log.length === 0) await pause(300);
        }
      });
    });
  withExamples(command, 'weir sessions logs 3', 'weir sessions logs -f 3');
}

/** Adds `weir sessions rm`. */
export function addRemove(group: Command): void {
  const command = group
    .command('rm')
    .description('end sessions and forget them')
    .argument('<id...>', 'their ids, or their names')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      await withSessions(command, async (client) => {
        for (const id of ids) await client.remove(id);
      });
    });
  withExamples(command, 'weir sessions rm 3 4');
}
