/** Prints what a server answered: as it came, chosen by jq, as a table, or one JSON value a line. */
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { type Output, type OutputForm, openOutput, type Row } from '../cli/output.ts';
import type { TableColumn } from '../cli/table.ts';
import { Problem } from '../core/problem.ts';
import { documentOf } from './document.ts';
import type { Incoming } from './exchange.ts';
import { readBody } from './exchange.ts';
import { isJson } from './header.ts';
import { runJq } from './jq.ts';
import { listOf, writeJson } from './pages.ts';

export type ShowOptions = {
  jq?: string | undefined;
  table?: boolean | undefined;
  /** Dotted names of the columns. */
  columns?: string[] | undefined;
  ndjson?: boolean | undefined;
};

/** True when the answer has to be read as JSON before anything of it is printed. */
export const needsDocument = ({ jq, table, ndjson, columns }: ShowOptions, form: OutputForm): boolean =>
  jq !== undefined || table === true || ndjson === true || columns !== undefined || form !== 'table';

/** Prints a JSON text in the form that the options ask for. */
export async function showText(text: string, url: URL, options: ShowOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const asRows = options.table || options.columns || output.form === 'csv';
  if (options.jq === undefined) {
    const document = documentOf(text, url);
    if (asRows) showRows(document, options.columns, output);
    else if (options.ndjson) printLines(listOf(document) ?? [document]);
    else if (output.form === 'json') output.json(document);
    else print(process.stdout.isTTY ? writeJson(document, 2) : text);
    return;
  }
  const isPretty = process.stdout.isTTY === true && !options.ndjson && !asRows;
  const isRaw = !options.ndjson && !asRows && output.form !== 'json';
  const chosen = await choose(text, url, options.jq, { isRaw, isPretty });
  if (!asRows) print(chosen);
  else showRows(valuesOf(chosen, url), options.columns, output);
}

/** Prints a body as it comes, with JSON laid out for people where they are the readers. */
export async function showBody(answer: Incoming): Promise<void> {
  const { stdout } = process;
  if (stdout.isTTY && isJson(answer.headers) && Number(answer.headers['content-length'] ?? Number.NaN) <= largestPretty) {
    const text = (await readBody(answer, largestPretty))?.toString('utf8') ?? '';
    return print(laidOut(text));
  }
  await pipeline(answer.body, stdout, { end: false });
  // A body without a last line feed would leave the prompt of the shell behind it.
  if (stdout.isTTY) stdout.write('\n');
}

// A document of known, small size is laid out; a stream goes through as it comes.
const largestPretty = 1 << 20;

function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text; // what is wrong with it is easier to see as it came
  }
}

async function choose(text: string, url: URL, expression: string, how: { isRaw: boolean; isPretty: boolean }): Promise<string> {
  try {
    return await runJq(text, expression, how);
  } catch (error) {
    documentOf(text, url); // of an answer that is no JSON the server is to blame, not the expression
    throw error;
  }
}

function valuesOf(lines: string, url: URL): unknown {
  const values = lines.split('\n').filter(Boolean);
  return values.length === 1 ? documentOf(values[0] as string, url) : values.map((line) => documentOf(line, url));
}

const print = (text: string): void => void (text !== '' && process.stdout.write(text.endsWith('\n') ? text : `${text}\n`));
const printLines = (values: readonly unknown[]): void => print(values.map((value) => writeJson(value)).join('\n'));

/** Rows of a table: the list that the document is or has; a document without one is shown member by member. */
function showRows(document: unknown, names: readonly string[] | undefined, output: Output): void {
  const list = listOf(document);
  if (list === undefined) {
    if (typeof document !== 'object' || document === null)
      throw new Problem('invalid', 'a single value is no table', { detail: String(document) });
    output.record(names === undefined ? plainMembers(document) : pick(document, names));
    return;
  }
  const columns = names ?? usualColumns(list);
  const rows = list.map((item) => pick(item, columns));
  const isNumber = (name: string) => rows.every((row) => row[name] === undefined || ['number', 'bigint'].includes(typeof row[name]));
  const table = columns.map(
    (name): TableColumn<Row> => ({ title: name, align: isNumber(name) ? 'right' : 'left', show: (row) => cell(row[name]) }),
  );
  output.rows(rows, table, columns);
}

const cell = (value: unknown): string => (value == null ? '' : typeof value === 'object' ? writeJson(value) : String(value));

const pick = (item: unknown, names: readonly string[]): Row => Object.fromEntries(names.map((name) => [name, memberOf(item, name)]));

/** A member by its dotted name; `value` is the item itself where that is no object. */
function memberOf(item: unknown, name: string): unknown {
  if (typeof item !== 'object' || item === null) return name === 'value' ? item : undefined;
  if (Object.hasOwn(item, name)) return (item as Row)[name];
  return name.split('.').reduce<unknown>((at, part) => (Object.hasOwn(Object(at), part) ? (at as Row)[part] : undefined), item);
}

const mostColumns = 8;
// What every answer of GitHub is full of and no person reads.
const isNoise = (name: string): boolean => /(^|_)(url|node_id|gravatar_id)$/.test(name);
const isPlain = (value: unknown): boolean => value === null || typeof value !== 'object';

function usualColumns(list: readonly unknown[]): string[] {
  const items = list.slice(0, 20);
  if (items.some((item) => typeof item !== 'object' || item === null)) return ['value'];
  const names = new Set(items.flatMap((item) => Object.keys(item as object)));
  const usual = [...names].filter((name) => !isNoise(name) && items.every((item) => isPlain((item as Row)[name] ?? null)));
  return usual.slice(0, mostColumns);
}

const plainMembers = (document: object): Row =>
  Object.fromEntries(Object.entries(document).filter(([name, value]) => !isNoise(name) && isPlain(value)));
