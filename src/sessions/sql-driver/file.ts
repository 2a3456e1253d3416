/**
 * A file of SQL as a batch: `node file.ts FOLDER`, with `sql.json` in the folder. Prints each result as lines of cells with tabs
 * between them, and ends with 1 at the first statement that fails.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, type EngineLimits, type Loan } from './engine.ts';

type Task = { statements: { code: string; line: number }[]; limits: EngineLimits; loan?: Loan };

const folder = process.argv[2] as string;
const { statements, limits, loan } = JSON.parse(readFileSync(join(folder, 'sql.json'), 'utf8')) as Task;
const engine = await Engine.open(limits, { files: join(folder, 'flows'), spill: join(folder, 'tmp') });
if (loan !== undefined) await engine.lend(loan);
for (const { code, line } of statements) {
  try {
    const { octets, isCut } = await engine.run(code);
    process.stdout.write(linesOf(octets.toString()));
    if (isCut) process.stdout.write(`[only ${limits.rows} rows are shown (sessions.sql.rows)]\n`);
  } catch (error) {
    process.stderr.write(`line ${line}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    break;
  }
}

/** Numbers keep the digits that they have in the text. */
function linesOf(text: string): string {
  const asWritten = (_key: string, value: unknown, context?: { source: string }) => (typeof value === 'number' ? context?.source : value);
  const { schema, data } = JSON.parse(text, asWritten as (key: string, value: unknown) => unknown) as {
    schema: { fields: { name: string }[] };
    data: unknown[][];
  };
  if (schema.fields.length === 0) return '';
  const rows = [schema.fields.map(({ name }) => name), ...data];
  return rows.map((row) => `${row.map(cell).join('\t')}\n`).join('');
}

function cell(value: unknown): string {
  if (value === null) return 'NULL';
  const text = String(value);
  return /[\\\t\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n') : text;
}
