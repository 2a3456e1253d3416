import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { isDone, type Output, type Statement } from './statement.ts';

/** Outputs of so many octets stay in memory and in the journal; larger ones get a file. */
const smallOctets = 16 * 1024;

/** How a statement stands of which only the posting is on record. */
const unknown = { state: 'waiting', started: 0, completed: 0, progress: 0 } as const;

/**
 * The statements of one session, in memory and in its folder. `statements.jsonl` is a journal: a line when one is posted, and a
 * line when it is done, with a tab and the output behind it when that is small. It is not flushed to the disk: what it guards
 * against is the end of the server, and with the machine the interpreter would be gone as well.
 */
export class Statements {
  readonly #folder: string;
  readonly #most: number;
  readonly #all = new Map<number, Statement>();
  #next = 0;
  #journal: number;

  constructor(folder: string, most: number) {
    this.#folder = folder;
    this.#most = most;
    mkdirSync(join(folder, 'outputs'), { recursive: true, mode: 0o700 });
    this.#load();
    this.#journal = openSync(this.#path, 'a', 0o600);
  }

  get #path(): string {
    return join(this.#folder, 'statements.jsonl');
  }

  get size(): number {
    return this.#all.size;
  }

  /** The id of the latest; -1 before the first. */
  get last(): number {
    return this.#next - 1;
  }

  all(): Statement[] {
    return [...this.#all.values()];
  }

  /** Throws `not-found`. */
  get(id: number): Statement {
    const statement = this.#all.get(id);
    if (statement === undefined) throw new Problem('not-found', 'Statement not found');
    return statement;
  }

  find(id: number): Statement | undefined {
    return this.#all.get(id);
  }

  add(facts: Pick<Statement, 'code' | 'kind' | 'posted'>): Statement {
    const statement: Statement = { id: this.#next++, ...facts, state: 'waiting', started: 0, completed: 0, progress: 0 };
    this.#all.set(statement.id, statement);
    this.#write(`${JSON.stringify({ id: statement.id, ...facts })}\n`);
    if (this.#all.size > this.#most) this.#dropEldest();
    return statement;
  }

  /** Notes the end of a statement. Resolves when its output can be read. */
  async finish(statement: Statement, end: Pick<Statement, 'state' | 'completed'>, output: Buffer | undefined): Promise<void> {
    const hasFailed = output?.subarray(0, 32).includes('"status":"error"') === true;
    const kept = output === undefined ? undefined : await this.#keep(statement.id, output);
    Object.assign(statement, end, { progress: 1, ...(kept !== undefined && { output: kept }), hasFailed });
    const facts = { id: statement.id, started: statement.started, ...end, hasFailed };
    const file = kept !== undefined && 'file' in kept ? { octets: kept.octets } : {};
    const text = kept !== undefined && 'text' in kept ? `\t${kept.text}` : '';
    this.#write(`${JSON.stringify({ ...facts, ...file })}${text}\n`);
  }

  close(): void {
    if (this.#journal !== -1) closeSync(this.#journal);
    this.#journal = -1;
  }

  #write(line: string): void {
    if (this.#journal === -1) appendFileSync(this.#path, line);
    else writeSync(this.#journal, line);
  }

  async #keep(id: number, output: Buffer): Promise<Output> {
    if (output.length <= smallOctets) return { text: output.toString('utf8') };
    const file = this.#fileOf(id);
    await writeFile(file, output, { mode: 0o600 });
    return { file, octets: output.length };
  }

  #fileOf(id: number): string {
    return join(this.#folder, 'outputs', `${id}.json`);
  }

  #dropEldest(): void {
    const eldest = this.#all.values().next().value as Statement;
    if (!isDone(eldest)) return;
    this.#all.delete(eldest.id);
    if (eldest.output !== undefined && 'file' in eldest.output) rmSync(eldest.output.file, { force: true });
  }

  #load(): void {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch {
      return; // a new session
    }
    for (const line of text.split('\n')) this.#take(line);
    while (this.#all.size > this.#most && isDone(this.#all.values().next().value as Statement)) this.#dropEldest();
  }

  #take(line: string): void {
    const tab = line.indexOf('\t');
    const head = tab === -1 ? line : line.slice(0, tab);
    let facts: Partial<Statement> & { id: number; octets?: number };
    try {
      facts = JSON.parse(head) as typeof facts;
    } catch {
      return; // the last line of a server that was killed while it wrote
    }
    const { id, octets, ...rest } = facts;
    const known = this.#all.get(id);
    const output: Output | undefined =
      tab !== -1 ? { text: line.slice(tab + 1) } : octets === undefined ? undefined : { file: this.#fileOf(id), octets };
    if (known !== undefined) Object.assign(known, rest, { progress: 1, ...(output !== undefined && { output }) });
    else this.#all.set(id, { ...unknown, ...(rest as Pick<Statement, 'code' | 'kind' | 'posted'>), id });
    this.#next = Math.max(this.#next, id + 1);
  }
}
