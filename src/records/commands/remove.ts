import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { withRecords } from './port.ts';

type RemoveOptions = { all?: boolean; yes?: boolean };

/** Adds `weir records rm`. */
export function addRemove(records: Command): void {
  const command = records
    .command('rm')
    .description('delete records, or a collection with all that is in it')
    .argument('<collection>', 'their collection')
    .argument('[id...]', 'their ids')
    .option('--all', 'all of them, and the collection')
    .option('-y, --yes', 'do not ask')
    .action(remove);
  withExamples(command, 'weir records rm todos 10', 'weir records rm todos --all --yes');
}

async function remove(collection: string, ids: string[], { all = false, yes = false }: RemoveOptions, command: Command): Promise<void> {
  if (all === ids.length > 0) throw new Problem('invalid', 'say which records', { hint: 'weir records rm COLLECTION ID..., or --all' });
  if (all && !yes) await confirmAll(collection);
  const output = openOutput(command);
  await withRecords(command, async (records) => {
    if (all) await records.removeAll(collection);
    for (const id of ids) await records.remove(collection, id);
  });
  output.line(all ? `The collection ${collection} is gone.` : `${collection}: ${ids.join(', ')} gone.`);
}

async function confirmAll(collection: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new Problem('invalid', `this deletes all of ${collection}`, { hint: `weir records rm ${collection} --all --yes` });
  const { confirm } = await import('@inquirer/prompts');
  if (!(await confirm({ message: `Delete all of ${collection}?`, default: false }))) throw new Problem('invalid', 'nothing was deleted');
}
