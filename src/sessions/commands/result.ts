/** Shows what came of a statement: on standard output what it answers, on standard error what went wrong. */
import type { Output } from '../../cli/output.ts';
import type { LivyOutput, LivyStatement } from '../remote.ts';
import type { Follower } from './follow.ts';

const barCells = 24;

/** Shows a statement while it runs and when it has ended; what was shown while it ran is not shown again. */
export class Result implements Follower {
  readonly #output: Output;
  readonly #shown = { stdout: '', stderr: '' };
  #hasBar = false;

  constructor(output: Output) {
    this.#output = output;
  }

  printed(stream: 'stdout' | 'stderr', text: string): void {
    if (this.#output.form !== 'table') return;
    this.#clear();
    this.#shown[stream] += text;
    process[stream].write(text);
  }

  progress(share: number): void {
    if (this.#output.quiet || process.stderr.isTTY !== true || share <= 0 || share >= 1) return;
    const cells = Math.round(share * barCells);
    process.stderr.write(`\r\x1b[K${'#'.repeat(cells)}${'.'.repeat(barCells - cells)} ${Math.floor(share * 100)}%`);
    this.#hasBar = true;
  }

  /** Shows the rest; answers the exit code: 0 when it went well, 1 when the code failed, 3 when the session was lost. */
  end({ state, output }: LivyStatement): number {
    this.#clear();
    if (this.#output.form !== 'table' && output?.data?.['application/json'] === undefined) this.#output.json(output);
    else if (output !== null) this.#show(output);
    if (state === 'cancelled') process.stderr.write('cancelled\n');
    if (output?.ename === 'SessionLost') return 3;
    return state !== 'available' || output?.status === 'error' ? 1 : 0;
  }

  #show({ status, data = {}, ename, evalue, traceback }: LivyOutput): void {
    const text = data['text/plain'];
    if (typeof text === 'string') this.#showText(text);
    const json = data['application/json'];
    if (json !== undefined) showJson(this.#output, json);
    const table = data['application/vnd.livy.table.v1+json'] as { headers: { name: string }[]; data: unknown[][] } | undefined;
    if (table !== undefined) showTable(this.#output, table.headers, table.data);
    if (typeof data['image/png'] === 'string') this.#output.note(`a picture of ${Math.floor((data['image/png'].length * 3) / 4)} octets`);
    if (status !== 'error') return;
    const lines = traceback !== undefined && traceback.length > 0 ? traceback.join('') : `${ename}: ${evalue}`;
    process.stderr.write(lines.endsWith('\n') ? lines : `${lines}\n`);
  }

  /** The text is what went to standard output, then what went to standard error, without blanks at its end. */
  #showText(text: string): void {
    const { stdout, stderr } = this.#shown;
    const isShown = stdout !== '' && text.startsWith(stdout.trimEnd());
    const rest = isShown ? text.slice(Math.min(stdout.length, text.length)) : text;
    const tail = stderr.trimEnd();
    const left = tail !== '' && rest.endsWith(tail) ? rest.slice(0, rest.length - tail.length) : rest;
    if (left.trimEnd() !== '') process.stdout.write(`${left.trimEnd()}\n`);
    else if (isShown && !stdout.endsWith('\n')) process.stdout.write('\n');
  }

  #clear(): void {
    if (this.#hasBar) process.stderr.write('\r\x1b[K');
    this.#hasBar = false;
  }
}

/** Rows of SQL as a table, anything else as JSON. */
function showJson(output: Output, value: unknown): void {
  const { schema, data } = (value ?? {}) as { schema?: { fields?: { name: string; type: unknown }[] }; data?: unknown[][] };
  if (schema?.fields === undefined || !Array.isArray(data)) output.json(value);
  else showTable(output, schema.fields, data);
}

function showTable(output: Output, fields: readonly { name: string; type?: unknown }[], rows: readonly unknown[][]): void {
  const names = fields.map(({ name }) => name);
  const objects = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  if (names.length === 0) return;
  output.rows(
    objects,
    fields.map(({ name, type }) => ({
      title: name,
      align: isNumber(type) ? 'right' : 'left',
      show: (row: Record<string, unknown>) => cell(row[name]),
    })),
    names,
  );
  if (output.form === 'table' && rows.length === 0) output.note('no rows');
}

const cell = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

const isNumber = (type: unknown): boolean =>
  typeof type === 'string' && /^(byte|short|integer|long|float|double|decimal.*|INT_TYPE|DOUBLE_TYPE|DECIMAL_TYPE)$/.test(type);
