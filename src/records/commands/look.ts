import type { Command } from 'commander';
import type { Query } from '../../cli/client.ts';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import type { JsonRecord } from '../record.ts';
import type { ShownCollection } from '../remote.ts';
import { withRecords } from './port.ts';

type ListOptions = { sort?: string; search?: string; limit: number };

const collectionColumns: TableColumn<ShownCollection>[] = [
  { title: 'collection', show: ({ name }) => name },
  { title: 'records', align: 'right', show: ({ count }) => String(count) },
  { title: 'schema', show: ({ has_schema }) => (has_schema ? 'yes' : '') },
];

/** Adds `weir records list`. */
export function addList(records: Command): void {
  const command = records
    .command('list')
    .description('list the collections, or the records of one')
    .argument('[collection]', 'whose records (default: the collections)')
    .argument('[member=value...]', 'only those with this value; address.city=Oslo looks inside, a member again means either')
    .option('--sort <members>', 'the order: members separated by commas, - before those that fall')
    .option('--search <text>', 'only those that contain the text, whatever its case')
    .option('-n, --limit <count>', 'records to show at most', wholeNumber(1), 100)
    .action(list);
  withExamples(
    command,
    'weir records list',
    'weir records list todos completed=false --sort -due,title',
    'weir records list todos --search milk --json',
  );
}

async function list(collection: string | undefined, words: string[], options: ListOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  if (collection === undefined) {
    const all = await withRecords(command, (records) => records.collections());
    if (output.form === 'table' && all.length === 0) return output.note('no collections; weir records create NAME makes one');
    return output.rows(all, collectionColumns, ['name', 'count', 'has_schema']);
  }
  const path = queryOf(words, options);
  const { items, total } = await withRecords(command, (records) => records.list(collection, path, options.limit));
  if (output.form === 'table' && total === 0) return output.note('no records');
  printRecords(output, items);
  if (total > items.length) output.note(`${items.length} of ${total}; more with --limit`);
}

/** The words as parameters; a dot in front keeps a member apart from the words of a query. */
function queryOf(words: readonly string[], { sort, search }: ListOptions): Query {
  const query: Query = { sort, q: search };
  for (const word of words) {
    const [, member, value] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    if (member === undefined || value === undefined)
      throw new Problem('invalid', `${word} is no choice`, { detail: 'expected member=value' });
    const name = `.${member}`;
    if (name in query) throw new Problem('invalid', `${member} is given twice`, { hint: 'weir get has all that a query can say' });
    query[name] = value;
  }
  return query;
}

/** Adds `weir records get`. */
export function addGet(records: Command): void {
  const command = records
    .command('get')
    .description('show a record')
    .argument('<collection>', 'its collection')
    .argument('<id>', 'its id')
    .action(async (collection: string, id: string, _options: unknown, self: Command) =>
      openOutput(self).record(await withRecords(self, (records) => records.get(collection, id))),
    );
  withExamples(command, 'weir records get todos 10', 'weir records get todos 10 --json');
}

/** Prints records: a column for each member that some of them have, the id first. */
function printRecords(output: Output, records: readonly JsonRecord[]): void {
  const fields = fieldsOf(records);
  const columns = fields.map(
    (name): TableColumn<JsonRecord> => ({ title: name, ...(name === 'id' && { align: 'right' }), show: (record) => textOf(record[name]) }),
  );
  output.rows(records, columns, fields);
}

/** The members of some records, in the order in which they are met; the id stands first. */
export const fieldsOf = (records: readonly JsonRecord[]): string[] => [...new Set(['id', ...records.flatMap(Object.keys)])];

const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
