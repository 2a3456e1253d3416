import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import type { AccessPort } from '../port.ts';

/** Runs `work` on the access that `--server` or `--data` names, and closes it whatever happens. */
export async function withAccess<T>(command: Command, work: (access: AccessPort) => Promise<T>): Promise<T> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  // Both are loaded on demand: HTTP costs help and completion some 20 ms, the key store more.
  const access =
    data === undefined
      ? (await import('../remote.ts')).openRemoteAccess(server)
      : await (await import('../local.ts')).openLocalAccess(data);
  try {
    return await work(access);
  } finally {
    await access.close();
  }
}
