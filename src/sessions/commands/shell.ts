/** `weir sessions shell`: a prompt in a session, with history, several lines, completion, and Ctrl-C for what runs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import type { LivyClient } from '../remote.ts';
import { kindOf, make, useSession } from './acquire.ts';
import { follow } from './follow.ts';
import { withSessions } from './port.ts';
import { Result } from './result.ts';

type Options = { kind: string; keep?: boolean };

/** Lines of history that are kept. */
const keptLines = 1000;
/** A session that is looked at by nobody ends; a prompt says often that there is somebody. */
const heartbeatMs = 20_000;

/** Adds `weir sessions shell`. */
export function addShell(group: Command): void {
  const command = group
    .command('shell')
    .description('work in a session at a prompt: an empty line ends a block, Ctrl-C what runs, Ctrl-D the prompt')
    .argument('[id]', 'the session (its id, or its name); a new one without it')
    .option('--kind <kind>', 'of a new one: python, pyspark, sql', 'python')
    .option('--keep', 'do not end a new one with the prompt')
    .action(shell);
  withExamples(command, 'weir sessions shell', 'weir sessions shell --kind sql', 'weir sessions shell 3');
}

async function shell(id: string | undefined, { kind, keep }: Options, command: Command): Promise<void> {
  const output = openOutput(command);
  await withSessions(command, async (sessions) => {
    const { session, isOurs } = id === undefined ? await make(sessions, { kind, conf: {} }) : await useSession(sessions, id);
    output.note(`session ${session.id}, ${kindOf(session)}`);
    const heartbeat = setInterval(() => void sessions.session(session.id).catch(() => {}), heartbeatMs);
    try {
      await new Prompt(sessions, session.id, kindOf(session).includes('sql'), output).run();
    } finally {
      clearInterval(heartbeat);
      if (isOurs && keep !== true) await sessions.remove(session.id).catch(() => {});
    }
  });
}

/** True when more lines belong to what was typed: a block is open, a bracket, or a text over several lines. */
export function isOpen(lines: readonly string[], isSql: boolean): boolean {
  const text = lines.join('\n');
  const last = lines.at(-1) ?? '';
  if (text.trim() === '') return false;
  if (isSql) return !/;\s*$/.test(text) && last.trim() !== '';
  if (/\\$/.test(last) || depthOf(text) > 0) return true;
  const isBlock = lines.some((line) => /:\s*(#.*)?$/.test(line)) || /^\s*@/.test(lines[0] as string);
  return isBlock && last.trim() !== '';
}

/** Brackets that are open; a text of three quotes that has no end counts as one. What stands in texts and remarks counts for nothing. */
function depthOf(text: string): number {
  let isWithinText = false;
  const plain = text.replace(/("""|''')(?:[\s\S]*?(\1)|[\s\S]*$)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#.*/g, (_whole, quotes, end) => {
    isWithinText ||= quotes !== undefined && end === undefined;
    return '';
  });
  if (isWithinText) return 1;
  return (plain.match(/[([{]/g)?.length ?? 0) - (plain.match(/[)\]}]/g)?.length ?? 0);
}

class Prompt {
  readonly #sessions: LivyClient;
  readonly #session: number;
  readonly #isSql: boolean;
  readonly #output: Output;
  readonly #history = historyFile();
  #lines: string[] = [];
  #running: number | undefined;

  constructor(sessions: LivyClient, session: number, isSql: boolean, output: Output) {
    this.#sessions = sessions;
    this.#session = session;
    this.#isSql = isSql;
    this.#output = output;
  }

  async run(): Promise<void> {
    const reader = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: process.stdin.isTTY === true,
      history: readHistory(this.#history),
      historySize: keptLines,
      completer: (line: string, done: (error: null, found: [string[], string]) => void) => void this.#complete(line, done),
    });
    reader.on('history', (history: string[]) => writeHistory(this.#history, history));
    reader.on('SIGINT', () => this.#onInterrupt(reader));
    this.#ask(reader);
    for await (const line of reader) {
      this.#lines.push(line);
      if (!isOpen(this.#lines, this.#isSql)) await this.#submit();
      this.#ask(reader);
    }
    if (this.#lines.length > 0) await this.#submit();
  }

  async #submit(): Promise<void> {
    const code = this.#lines.join('\n');
    this.#lines = [];
    if (code.trim() === '') return;
    const { id } = await this.#sessions.post(this.#session, code);
    this.#running = id;
    const result = new Result(this.#output);
    result.end(await follow(this.#sessions, this.#session, id, result));
    this.#running = undefined;
  }

  #ask(reader: Interface): void {
    // Lines that come from a file are not asked for, and their reader may be at its end already.
    if (process.stdin.isTTY !== true) return;
    reader.setPrompt(this.#lines.length > 0 ? '... ' : this.#isSql ? 'sql ' : '>>> ');
    reader.prompt();
  }

  #onInterrupt(reader: Interface): void {
    if (this.#running !== undefined) void this.#sessions.cancel(this.#session, this.#running).catch(() => {});
    else {
      this.#lines = [];
      process.stdout.write('\n');
      this.#ask(reader);
    }
  }

  async #complete(line: string, done: (error: null, found: [string[], string]) => void): Promise<void> {
    // Python has no other use for a tab than to indent.
    if (line.trim() === '') return done(null, [['    '], '']);
    const start = /[\w]*$/.exec(line)?.[0] ?? '';
    const code = [...this.#lines, line].join('\n');
    done(null, [await this.#sessions.complete(this.#session, code, code.length).catch(() => []), start]);
  }
}

function historyFile(): string {
  const { XDG_STATE_HOME, HOME } = process.env;
  const state = XDG_STATE_HOME?.startsWith('/') ? XDG_STATE_HOME : join(HOME || homedir(), '.local', 'state');
  return join(state, 'weir', 'shell-history');
}

/** The latest line first, as readline has it. */
function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).reverse();
  } catch {
    return [];
  }
}

function writeHistory(file: string, history: readonly string[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${[...history].reverse().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A prompt without a history is one still.
  }
}
