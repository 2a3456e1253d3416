import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import type { TicketsPort } from '../access.ts';

/** Options of the commands that write: in whose name. */
export type WriterOptions = { as?: string };

/** Adds `--as`. */
export const addWriter = (command: Command): Command =>
  command.option('--as <name>', 'in whose name, where nobody has to log in (default: yours on this machine)');

/** Runs `work` on the tickets that `--server` or `--data` names, and closes them whatever happens. */
export async function withTickets<T>(command: Command, work: (tickets: TicketsPort) => Promise<T>): Promise<T> {
  const { server, data, as } = command.optsWithGlobals<GlobalOptions & WriterOptions>();
  const user = as ?? systemUser();
  const tickets = data === undefined ? await openServerTickets(server, user) : await openFolderTickets(data, user);
  try {
    return await work(tickets);
  } finally {
    await tickets.close();
  }
}

// Both are loaded on demand: HTTP costs help and completion some 20 ms, the key store more.
async function openServerTickets(server: string, user: string | undefined): Promise<TicketsPort> {
  const { openRemoteTickets } = await import('../remote.ts');
  return openRemoteTickets(server, user);
}

async function openFolderTickets(folder: string, user: string | undefined): Promise<TicketsPort> {
  const { openLocalTickets } = await import('../local.ts');
  return await openLocalTickets(folder, user);
}

function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // a user id without a name, as containers have
  }
}

/** The id that a person means: a number may go without its zeros. Throws a `not-found` Problem when nothing was said: that names the collection. */
export function idOf(word: string): string {
  if (word === '') throw new Problem('not-found', 'there is no ticket without an id');
  return /^[0-9]{1,19}$/.test(word) ? word.padStart(20, '0') : word;
}

/** The id as people like to read it. */
export const shortId = (id: string): string => (/^[0-9]{20}$/.test(id) ? id.replace(/^0+(?=[0-9])/, '') : id);
