import { once } from 'node:events';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { readText } from '../../cli/fields.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { JsonRecord } from '../record.ts';
import { fieldsOf } from './look.ts';
import { withRecords } from './port.ts';

/** What one request brings at most: well below `records.import` and `server.bodyLimit` as they usually are. */
const mostRecords = 500;
const mostOctets = 512 * 1024;

/** Adds `weir records import`. */
export function addImport(records: Command): void {
  const command = records
    .command('import')
    .description('add the records of a file: one JSON object a line, or a JSON list')
    .argument('<collection>', 'where; it is made if need be')
    .argument('[file]', 'which file; - is standard input', '-')
    .option('--replace', 'replace those whose ids are taken, rather than stop there')
    .action(importAll);
  withExamples(command, 'weir records import todos todos.ndjson', 'weir records export todos | weir records import todos --server URL');
}

async function importAll(collection: string, file: string, { replace = false }: { replace?: boolean }, command: Command): Promise<void> {
  const lines = linesOf(readText(file));
  const output = openOutput(command);
  let imported = 0;
  await withRecords(command, async (records) => {
    for (const part of partsOf(lines)) {
      try {
        imported += (await records.import(collection, part, replace)).imported;
      } catch (error) {
        if (error instanceof Problem && imported > 0)
          output.note(`${imported} records are there; the fault is in the ${part.length} behind them`);
        throw error;
      }
    }
  });
  if (output.form === 'json') output.json({ imported });
  else output.line(`${imported} records are in ${collection} now.`);
}

/** A list becomes lines; lines stay as they are, since the server reads them. */
function linesOf(text: string): string[] {
  if (text.trimStart().startsWith('[')) return listOf(text).map((record) => JSON.stringify(record));
  return text.split('\n').filter((line) => line.trim() !== '');
}

function listOf(text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch (cause) {
    throw new Problem('invalid', 'the list is no JSON', { detail: (cause as Error).message, cause });
  }
}

function* partsOf(lines: readonly string[]): Generator<string[]> {
  let part: string[] = [];
  let octets = 0;
  for (const line of lines) {
    const length = Buffer.byteLength(line) + 1;
    if (part.length > 0 && (part.length === mostRecords || octets + length > mostOctets)) {
      yield part;
      part = [];
      octets = 0;
    }
    part.push(line);
    octets += length;
  }
  if (part.length > 0) yield part;
}

/** Adds `weir records export`. */
export function addExport(records: Command): void {
  const command = records
    .command('export')
    .description('print all records of a collection, one JSON object a line')
    .argument('<collection>', 'which')
    .action(exportAll);
  withExamples(command, 'weir records export todos > todos.ndjson', 'weir records export todos --csv > todos.csv');
}

async function exportAll(collection: string, _options: unknown, command: Command): Promise<void> {
  const output = openOutput(command);
  await withRecords(command, async (records) => {
    if (output.form === 'table') {
      for await (const block of records.export(collection)) if (!process.stdout.write(block)) await once(process.stdout, 'drain');
      return;
    }
    const blocks: Uint8Array[] = [];
    for await (const block of records.export(collection)) blocks.push(block);
    const lines = Buffer.concat(blocks).toString('utf8').split('\n');
    const all = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JsonRecord);
    output.rows(all, [], fieldsOf(all));
  });
}
