/** A job at the terminal of this process: what it shows comes here, what is typed here goes there. */
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import type { JobsClient, ShownJob } from '../remote.ts';
import { printLog } from './print-log.ts';
import { endings } from './wait.ts';

/** Who is meant by Ctrl-C and Ctrl-\: the program, or this command, which then stops the job. */
export type Signals = 'remote' | 'local';

/** Ctrl-] leaves the job to itself, as in telnet(1). */
const leaveKey = 0x1d;
const localKeys: readonly number[] = [0x03, 0x1c];
const endOfFile = Buffer.from([0x04]);
const soonMs = 50;
/** Keys that a server takes at once. */
const mostKeys = 65_536;

/** The size of the terminal here, for a submission; true where there is none. */
export const windowHere = (): { rows: number; columns: number } | true => {
  const { rows, columns } = process.stdout;
  return process.stdout.isTTY && rows > 0 && columns > 0 ? { rows: Math.min(rows, 1000), columns: Math.min(columns, 1000) } : true;
};

/** Stays at the terminal of a job until it is over, or somebody leaves. Answers the exit code: that of the program, where it has one. */
export async function attend(jobs: JobsClient, id: string, signals: Signals): Promise<number> {
  const keyboard = new Keyboard(jobs, id, signals);
  let hasShown = false;
  for (;;) {
    const { state, exit_code, signal } = await running(jobs, id);
    if (state === 'Done' || state === 'Failed') {
      // Over before anybody could look on: what it said is in the log.
      if (!hasShown) await printLog(jobs, id, false);
      return signal === undefined ? (exit_code ?? endings.failed) : 128 + signal;
    }
    hasShown = (await show(jobs, id, keyboard)) || hasShown;
    if (keyboard.hasLeft) {
      process.stderr.write(`\njob ${id} goes on: weir jobs attach ${id}\n`);
      return 0;
    }
    await pause(soonMs); // its terminal is being made, or its end is about to be put on record
  }
}

/** Shows the terminal to its end; false when there is none now. */
async function show(jobs: JobsClient, id: string, keyboard: Keyboard): Promise<boolean> {
  try {
    const blocks = await jobs.terminal(id, keyboard.leaving);
    keyboard.open();
    for await (const block of blocks) process.stdout.write(block);
    return true;
  } catch (error) {
    if (keyboard.hasLeft) return true;
    if (error instanceof Problem && error.code === 'conflict') return false;
    throw error;
  } finally {
    keyboard.close();
  }
}

/** The job once it runs, or is over. */
async function running(jobs: JobsClient, id: string): Promise<ShownJob> {
  for await (const { event, data } of jobs.events([id])) {
    if (event === 'reset' || event === 'forgotten') break;
    const job = JSON.parse(data) as ShownJob;
    if (job.state !== 'Queued' && job.state !== 'Idle') return job;
  }
  return await jobs.get(id);
}

/** What is typed here, sent on in its order: keys that come while some are on their way go together with the next. */
class Keyboard {
  readonly #jobs: JobsClient;
  readonly #id: string;
  readonly #signals: Signals;
  readonly #leave = new AbortController();
  #typed = Buffer.alloc(0);
  #isSending = false;
  #isOpen = false;

  constructor(jobs: JobsClient, id: string, signals: Signals) {
    this.#jobs = jobs;
    this.#id = id;
    this.#signals = signals;
  }

  /** Aborts when somebody wants to leave. */
  get leaving(): AbortSignal {
    return this.#leave.signal;
  }

  get hasLeft(): boolean {
    return this.#leave.signal.aborted;
  }

  open(): void {
    const { stdin, stdout } = process;
    this.#isOpen = true;
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on('data', this.#onKeys).once('end', this.#onEnd);
    if (stdout.isTTY) stdout.on('resize', this.#onResize);
  }

  close(): void {
    if (!this.#isOpen) return;
    const { stdin, stdout } = process;
    this.#isOpen = false;
    stdin.off('data', this.#onKeys).off('end', this.#onEnd).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.off('resize', this.#onResize);
  }

  readonly #onKeys = (keys: Buffer): void => {
    const isHere = process.stdin.isTTY;
    if (isHere && keys.includes(leaveKey)) {
      this.#leave.abort();
      return;
    }
    if (isHere && this.#signals === 'local' && localKeys.some((key) => keys.includes(key))) {
      // The job's end is shown by `attend`; here only that it could not be stopped.
      this.#jobs.act(this.#id, 'stop').catch((error: Error) => process.stderr.write(`\r\nweir: ${error.message}\r\n`));
      return;
    }
    this.#send(keys);
  };

  readonly #onEnd = (): void => this.#send(endOfFile);

  readonly #onResize = (): void => {
    const size = windowHere();
    // The program goes on with the size that it knew.
    if (size !== true) this.#jobs.resize(this.#id, size).catch(() => {});
  };

  #send(keys: Buffer): void {
    this.#typed = Buffer.concat([this.#typed, keys]);
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#typed.length > 0 && this.#isOpen) {
        const keys = this.#typed.subarray(0, mostKeys);
        this.#typed = this.#typed.subarray(keys.length);
        await this.#jobs.type(this.#id, keys);
      }
    } catch {
      this.#typed = Buffer.alloc(0); // the terminal is gone, which its end tells
    } finally {
      this.#isSending = false;
    }
  }
}
