import { type Command, Option } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { withRecords } from './port.ts';
import { readJson } from './write.ts';

type SchemaOptions = { set?: string; rm?: boolean };

/** Adds `weir records schema`. */
export function addSchema(records: Command): void {
  const command = records
    .command('schema')
    .description('print, set or take away the JSON Schema that the records of a collection have to fit')
    .argument('<collection>', 'which')
    .option('--set <json>', 'the new one; @FILE reads a file, - standard input')
    .addOption(new Option('--rm', 'take it away').conflicts('set'))
    .action(schema);
  withExamples(command, 'weir records schema todos --set @todo.schema.json', 'weir records schema todos --rm');
}

async function schema(collection: string, { set, rm }: SchemaOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  await withRecords(command, async (records) => {
    if (rm === true) await records.removeSchema(collection);
    else output.json(set === undefined ? await records.schema(collection) : await records.setSchema(collection, readJson(set)));
  });
}
