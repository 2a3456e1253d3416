import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { KeyFault } from '../tree/fault.ts';
import type { KeysPort } from './access.ts';
import { problemOf } from './problem.ts';

/** Runs `work` on the keys that `--server` or `--data` names, and closes them whatever happens; a fault leaves as a Problem. */
export async function withKeys<T>(command: Command, work: (keys: KeysPort) => Promise<T>): Promise<T> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  const keys = data === undefined ? await openServerKeys(server) : await openFolderKeys(data);
  try {
    return await work(keys);
  } catch (error) {
    throw error instanceof KeyFault ? problemOf(error) : error;
  } finally {
    await keys.close();
  }
}

/** The keys of a server; loaded on demand, since HTTP costs help and completion some 20 ms. */
export async function openServerKeys(server: string): Promise<KeysPort> {
  const { ServerKeys } = await import('./server-keys.ts');
  return new ServerKeys(server);
}

async function openFolderKeys(folder: string): Promise<KeysPort> {
  const { openFolderKeys: open } = await import('./folder-keys.ts');
  return await open(folder);
}
