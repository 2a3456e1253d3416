import type { Command } from 'commander';
import type { GlobalOptions } from './command.ts';
import { formatTable, makeVisible, type TableColumn } from './table.ts';

/** A row as the server sent it: raw numbers, times as they are stored. */
export type Row = Record<string, unknown>;

export type OutputForm = 'table' | 'json' | 'csv';

/** The one place that decides how results are printed: tables for people, JSON or CSV for programs. */
export type Output = {
  readonly form: OutputForm;
  readonly color: boolean;
  readonly quiet: boolean;
  /** Cells of the terminal, undefined where standard output is none. */
  readonly width: number | undefined;
  /** Prints rows: a table of `columns`; a JSON array; or CSV with `fields` as its head. */
  rows<R extends Row>(rows: readonly R[], columns: readonly TableColumn<R>[], fields: readonly string[]): void;
  /** Prints one object: aligned names and values; JSON; or CSV of one row. `show` gives the lines for people. */
  record(record: Row, show?: () => [string, string][]): void;
  /** Prints a JSON document as it is, whatever the form. */
  json(value: unknown): void;
  /** Prints a line for people on standard output, in the form `table` only. */
  line(text: string): void;
  /** Prints a remark on standard error, unless `--quiet`. */
  note(text: string): void;
};

/** Where an output writes to; the process's own streams unless a test says otherwise. */
export type Streams = { stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>; stderr: Pick<NodeJS.WriteStream, 'write'> };

/** The output that the options of a command ask for. */
export const openOutput = (command: Command): Output => createOutput(command.optsWithGlobals<GlobalOptions>());

/** As `openOutput`, from the options themselves. */
export function createOutput(options: Pick<GlobalOptions, 'json' | 'csv' | 'color' | 'quiet'>, streams: Streams = process): Output {
  const { stdout, stderr } = streams;
  const isTerminal = stdout.isTTY === true;
  const form = options.json ? 'json' : options.csv ? 'csv' : 'table';
  const color = options.color && isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  const width = isTerminal ? stdout.columns || 80 : undefined;
  const print = (lines: readonly string[]) => void stdout.write(lines.map((line) => `${line}\n`).join(''));
  const json = (value: unknown) => print([JSON.stringify(value, keepBigIntegers, isTerminal ? 2 : undefined)]);
  return {
    form,
    color,
    quiet: options.quiet ?? false,
    width,
    json,
    rows(rows, columns, fields) {
      if (form === 'json') json(rows);
      else if (form === 'csv') print(csvLines(rows, fields));
      else print(formatTable(rows, columns, { width, color }));
    },
    record(record, show) {
      if (form === 'json') return json(record);
      if (form === 'csv') return print(csvLines([record], Object.keys(record)));
      const pairs = show?.() ?? Object.entries(record).map(([name, value]): [string, string] => [name, showValue(value)]);
      const width = Math.max(0, ...pairs.map(([name]) => name.length));
      print(pairs.map(([name, value]) => `${name.padEnd(width)}  ${makeVisible(value)}`));
    },
    line: (text) => form === 'table' && print([text]),
    note: (text) => void (options.quiet || stderr.write(`${text}\n`)),
  };
}

/** CSV (RFC 4180, lines end in LF) of some fields of rows; null is empty, objects are JSON. */
export function csvLines(rows: readonly Row[], fields: readonly string[]): string[] {
  return [fields.map(csvField).join(','), ...rows.map((row) => fields.map((field) => csvField(row[field])).join(','))];
}

function csvField(value: unknown): string {
  const text = showValue(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const showValue = (value: unknown): string =>
  value == null ? '' : typeof value === 'object' ? JSON.stringify(value, keepBigIntegers) : String(value);

// `parseJson` of the client gives integers beyond 2^53 as bigint; they go out as the digits that came in.
const keepBigIntegers = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? rawJson(String(value)) : value);
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };
