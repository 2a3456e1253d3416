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

/** A place where the chain does not hold: a line that is no JSON (torn by a crash), or one whose predecessor was another. */
export type AuditBreak = { file: string; line: number; reason: 'torn' | 'changed-or-cut' };

/** What a walk along the chain found. The first line that is kept has nothing before it, and what is cut off at the end leaves no trace. */
export type AuditCheck = { lines: number; breaks: AuditBreak[] };

/** Where a reader goes on. */
export type AuditPlace = { behind?: string | undefined; skip?: number };

/** Breaks that are told; behind so many there is no chain to speak of. */
const mostBreaks = 100;

/** Entries kept in memory while the disk refuses them; then the oldest of them are lost. */
const mostPending = 10_000;

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
    const text = await readFile(this.#path(last), 'utf8');
    const line = linesOf(text).at(-1);
    if (line !== undefined) this.#before = hashOf(line);
    // Cut in the middle of a write: the next entry gets a line of its own, and `verify` tells of the torn one.
    if (text !== '' && !text.endsWith('\n')) await appendFile(this.#path(last), '\n');
  }

  async stop(): Promise<void> {
    await this.#settle();
  }

  /** Appends an entry; resolves when the file has it. */
  write(entry: AuditEntry): Promise<void> {
    const line: AuditLine = { time: new Date(this.#clock.now()).toISOString(), ...entry, before: this.#before };
    // JSON escapes control characters: a name with a line break cannot make a second entry.
    const text = JSON.stringify(line);
    this.#before = hashOf(text);
    this.#pending.push(text);
    if (this.#pending.length > mostPending) this.#pending.shift();
    this.#writing ??= this.#flush();
    return this.#writing;
  }

  /**
   * Entries that pass, the latest first, at most `limit`; those behind the one that is named by its `before`, and without the first
   * `skip` of them.
   */
  async read(
    limit: number,
    passes: (line: AuditLine) => boolean = () => true,
    { behind, skip = 0 }: AuditPlace = {},
  ): Promise<AuditLine[]> {
    await this.#settle();
    const found: AuditLine[] = [];
    let isBehind = behind === undefined;
    let left = skip;
    for (const number of (await this.#numbers()).reverse()) {
      for (const text of (await this.#lines(number)).reverse()) {
        const line = parse(text);
        if (!isBehind) {
          isBehind = line?.before === behind;
          continue;
        }
        if (line === undefined || !passes(line) || left-- > 0) continue;
        found.push(line);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** Follows the chain of hashes through all files: how many lines there are, and where it is broken. */
  async verify(): Promise<AuditCheck> {
    await this.#settle();
    let before: string | undefined;
    let lines = 0;
    const breaks: AuditBreak[] = [];
    for (const number of await this.#numbers()) {
      for (const [at, text] of (await this.#lines(number)).entries()) {
        const line = parse(text);
        const reason = line === undefined ? 'torn' : before !== undefined && line.before !== before ? 'changed-or-cut' : undefined;
        if (reason !== undefined && breaks.length < mostBreaks) breaks.push({ file: nameOf(number), line: at + 1, reason });
        before = hashOf(text);
        lines++;
      }
    }
    return { lines, breaks };
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // what is written in the same turn goes out together
    try {
      while (this.#pending.length > 0) {
        const { length } = this.#pending;
        const text = `${this.#pending.join('\n')}\n`;
        if (this.#size > 0 && this.#size + text.length > this.#config.size) await this.#turn();
        await appendFile(this.#path(this.#number), text, { mode: 0o600, flush: true });
        this.#size += Buffer.byteLength(text);
        // Only now: after a full disk they go out with the next entry.
        this.#pending.splice(0, length);
      }
    } finally {
      this.#writing = undefined;
    }
  }

  /** Waits for what is being written; that it failed was told to whoever wrote it. */
  async #settle(): Promise<void> {
    await this.#writing?.catch(() => {});
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
    return linesOf(await readFile(this.#path(number), 'utf8'));
  }

  #path(number: number): string {
    return join(this.#folder, nameOf(number));
  }
}

const nameOf = (number: number): string => `audit-${String(number).padStart(8, '0')}.jsonl`;
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex');

function parse(text: string): AuditLine | undefined {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return undefined; // cut by a crash in the middle of a write, or by somebody
  }
}
