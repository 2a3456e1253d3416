import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import type { RecordsClient } from '../remote.ts';

/** Runs `work` on the records of the server that the options name, and lets go of it whatever happens. */
export async function withRecords<T>(command: Command, work: (records: RecordsClient) => Promise<T>): Promise<T> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  if (data !== undefined)
    throw new Problem('invalid', 'Records are kept by a server, so this takes no --data.', { hint: `weir serve --data ${data}` });
  // Loaded on demand: HTTP costs help and completion some 20 ms.
  const { RecordsClient } = await import('../remote.ts');
  const records = new RecordsClient(server);
  try {
    return await work(records);
  } finally {
    records.close();
  }
}
