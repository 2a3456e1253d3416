import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { makeVisible } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import { withRecords } from './port.ts';

/** Milliseconds before a feed that broke off is asked for again. */
const pause = 1000;

type WatchOptions = { from?: string };

/** Adds `weir records watch`. */
export function addWatch(records: Command): void {
  const command = records
    .command('watch')
    .description('print what happens to the records of a collection, until Ctrl-C')
    .argument('<collection>', 'which')
    .option('--from <id>', 'go on behind the event of this id')
    .action(watch);
  withExamples(command, 'weir records watch todos', 'weir records watch todos --json | jq .record.title');
}

async function watch(collection: string, { from }: WatchOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  let last = from;
  await withRecords(command, async (records) => {
    for (;;) {
      try {
        for await (const { event, data, id } of records.events(collection, last)) {
          last = event === 'reset' ? undefined : (id ?? last);
          if (output.form !== 'table') process.stdout.write(`${lineOf(event, data, id)}\n`);
          else output.line(makeVisible(`${event}  ${data}`));
        }
      } catch (error) {
        // A server that restarts comes back; one that refuses does not change its mind.
        if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
        output.note('the feed broke off; asking again');
      }
      await sleep(pause);
    }
  });
}

function lineOf(event: string, data: string, id: string | undefined): string {
  const value: unknown = JSON.parse(data);
  return JSON.stringify({ id, event, ...(event === 'put' ? { record: value } : (value as object)) });
}
