import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { type Field, objectOf, readText } from '../../cli/fields.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { JsonRecord } from '../record.ts';
import type { RecordsClient } from '../remote.ts';
import { withRecords } from './port.ts';

type ContentOptions = { body?: string; field?: string[]; typedField?: string[] };

/** Adds `weir records create`. */
export function addCreate(records: Command): void {
  const command = withContent(records.command('create').description('add a record, under the next id'))
    .argument('<collection>', 'where; the first record makes it')
    .action((collection: string, _options: unknown, self: Command) => write(self, (client, draft) => client.create(collection, draft)));
  withExamples(
    command,
    "weir records create todos -F userId=1 -f title='Buy milk' -F completed=false",
    'weir records create notes -d @note.json',
  );
}

/** Adds `weir records set`. */
export function addSet(records: Command): void {
  const command = withContent(records.command('set').description('replace a record whole'))
    .argument('<collection>', 'its collection')
    .argument('<id>', 'its id')
    .action((collection: string, id: string, _options: unknown, self: Command) =>
      write(self, (client, draft) => client.set(collection, id, draft)),
    );
  withExamples(command, "weir records set todos 10 -F userId=1 -f title='Wash car' -F completed=true");
}

/** Adds `weir records patch`. */
export function addPatch(records: Command): void {
  const command = withContent(records.command('patch').description('change what is named of a record; null takes a member away'))
    .argument('<collection>', 'its collection')
    .argument('<id>', 'its id')
    .action((collection: string, id: string, _options: unknown, self: Command) =>
      write(self, (client, patch) => client.patch(collection, id, patch)),
    );
  withExamples(
    command,
    "weir records patch todos 10 -f title='Mow lawn'",
    'weir records patch todos 10 -F due=null',
    `weir records patch todos 10 -d '[{"op": "test", "path": "/completed", "value": false}, {"op": "remove", "path": "/due"}]'`,
  );
}

const collect = (word: string, before: string[] = []): string[] => [...before, word];

const withContent = (command: Command): Command =>
  command
    .option('-f, --field <key=value>', 'a text member; a[b]=, a[]= go deeper', collect)
    .option('-F, --typed-field <key=value>', 'the same, with true, false, null, numbers and @FILE read as such', collect)
    .option('-d, --body <json>', 'the whole as JSON; @FILE reads a file, - standard input');

async function write(command: Command, work: (client: RecordsClient, content: unknown) => Promise<JsonRecord>): Promise<void> {
  const content = contentOf(command.opts<ContentOptions>());
  openOutput(command).record(await withRecords(command, (client) => work(client, content)));
}

function contentOf({ body, field = [], typedField = [] }: ContentOptions): unknown {
  const fields: Field[] = [...field.map((word) => ({ word, isTyped: false })), ...typedField.map((word) => ({ word, isTyped: true }))];
  if ((body === undefined) === (fields.length === 0))
    throw new Problem('invalid', 'say what stands in the record, by fields or by --body', { hint: "-f title='Buy milk', or -d @FILE" });
  return body === undefined ? objectOf(fields) : readJson(body);
}

/** The JSON of a word: itself, `@FILE`, or `-` for standard input. Throws Problem('invalid'). */
export function readJson(word: string): unknown {
  const text = word === '-' ? readText('-') : word.startsWith('@') ? readText(word.slice(1)) : word;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('invalid', 'that is no JSON', { detail: (cause as Error).message, cause });
  }
}
