import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { AccessConfig } from './config.ts';

/** One thing that somebody did or tried. Texts may come from outside; they never hold a password or a token. */
export type AuditEntry = {
  /** The user, or a keyed hash of a name that does not exist (it may be a password, typed into the wrong field). */
  actor: string;
  address: string;
  /** Room and verb: `login`, `users.add`, `request.refused`. */
  action: string;
  target?: string;
  outcome: 'ok' | 'refused' | 'failed';
  requestId?: string;
  /** More that tells, in a few words. */
  note?: string;
};

/** An entry as a line holds it: with its time (UTC, milliseconds) and the SHA-256 of the line before it. */
export type AuditLine = AuditEntry & { time: string; before: string };

const firstBefore = '0'.repeat(64);
const fileName = /^audit-(\d{8})\.jsonl$/;

/**
 * Who did what, when, from where, and how it ended: one JSON object a line, only ever appended to, each line with the hash
 * of the one before, so that a line that was changed or cut out shows.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #config: AccessConfig['audit'];
  readonly #clock: Clock;
  #number = 1;
  #size = 0;
  #before = firstBefore;
  #pending: string[] = [];
  #writing: Promise<void> | undefined;

  constructor(folder: string, config: AccessConfig['audit'], clock: Clock) {
    this.#folder = folder;
    this.#config = config;
    this.#clock = clock;
  }

  /** Goes on where the last file ends. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const last = (await this.#numbers()).at(-1);
    if (last === undefined) return;
    this.#number = last;
    this.#size = (await stat(this.#path(last))).size;
    const lines = await this.#lines(last);
    const line = lines.at(-1);
    if (line !== undefined) this.#before = hashOf(line);
  }

  async stop(): Promise<void> {
    await this.#writing;
  }

  /** Appends an entry; resolves when the file has it. */
  write(entry: AuditEntry): Promise<void> {
    const line: AuditLine = { time: new Date(this.#clock.now()).toISOString(), ...entry, before: this.#before };
    // JSON escapes control characters: a name with a line break cannot make a second entry.
    const text = JSON.stringify(line);
    this.#before = hashOf(text);
    this.#pending.push(text);
    this.#writing ??= this.#flush();
    return this.#writing;
  }

  /** Entries that pass, the latest first, at most `limit`. */
  async read(limit: number, passes: (line: AuditLine) => boolean = () => true): Promise<AuditLine[]> {
    await this.#writing;
    const found: AuditLine[] = [];
    for (const number of (await this.#numbers()).reverse()) {
      for (const text of (await this.#lines(number)).reverse()) {
        const line = parse(text);
        if (line === undefined || !passes(line)) continue;
        found.push(line);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** Follows the chain of hashes through all files: how many lines hold, and where the first break is. */
  async verify(): Promise<{ lines: number; break?: { file: string; line: number } }> {
    await this.#writing;
    let before: string | undefined;
    let lines = 0;
    for (const number of await this.#numbers()) {
      for (const [at, text] of (await this.#lines(number)).entries()) {
        const line = parse(text);
        if (line === undefined || (before !== undefined && line.before !== before)) {
          return { lines, break: { file: `audit-${String(number).padStart(8, '0')}.jsonl`, line: at + 1 } };
        }
        before = hashOf(text);
        lines++;
      }
    }
    return { lines };
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // what is written in the same turn goes out together
    while (this.#pending.length > 0) {
      const text = `${this.#pending.join('\n')}\n`;
      this.#pending = [];
      if (this.#size > 0 && this.#size + text.length > this.#config.size) await this.#turn();
      await appendFile(this.#path(this.#number), text, { mode: 0o600, flush: true });
      this.#size += Buffer.byteLength(text);
    }
    this.#writing = undefined;
  }

  async #turn(): Promise<void> {
    this.#number++;
    this.#size = 0;
    const numbers = await this.#numbers();
    for (const old of numbers.slice(0, Math.max(0, numbers.length - this.#config.files + 1))) await rm(this.#path(old), { force: true });
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder);
    return names
      .flatMap((name) => fileName.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async #lines(number: number): Promise<string[]> {
    return (await readFile(this.#path(number), 'utf8')).split('\n').filter((line) => line !== '');
  }

  #path(number: number): string {
    return join(this.#folder, `audit-${String(number).padStart(8, '0')}.jsonl`);
  }
}

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex');

function parse(text: string): AuditLine | undefined {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return undefined; // cut by a crash in the middle of a write, or by somebody
  }
}
