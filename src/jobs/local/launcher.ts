import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The launcher, which is also the wrapper of a single run: `launcher.pl run FOLDER NAME`. */
export const script = fileURLToPath(new URL('launcher.pl', import.meta.url));

/** A launcher that dies at once is not started again at once. */
const patienceMs = 500;

export type LauncherListener = {
  started(name: string): void;
  gone(name: string): void;
  /** The launcher has ended: nothing will be heard of the runs that it has started. A new one is there by the next call. */
  lost(): void;
  said(text: string): void;
};

/** The process beside the server that forks a wrapper for each run; forking a server itself takes milliseconds for each 100 MB it has. */
export class Launcher {
  readonly #folder: string;
  readonly #listener: LauncherListener;
  #child: ChildProcess | undefined;
  #isClosing = false;
  #waiting: string[] = [];

  constructor(folder: string, listener: LauncherListener) {
    this.#folder = folder;
    this.#listener = listener;
  }

  open(): void {
    const child = spawn('perl', [script], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A Ctrl-C at the terminal is for the server; the launcher ends with its standard input.
      detached: true,
    });
    this.#child = child;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) this.#hear(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#listener.said(text.trim()));
    child.stdin.on('error', () => {});
    child.once('error', (error) => this.#listener.said(error.message));
    child.once('exit', () => this.#onEnd(child));
    for (const name of this.#waiting.splice(0)) this.launch(name);
  }

  /** Has a run started whose spec is written. */
  launch(name: string): void {
    if (this.#child === undefined) this.#waiting.push(name);
    else this.#child.stdin?.write(`${name}\n`);
  }

  /** The wrappers go on; their end is seen by the next server. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // Wrappers that are just coming up hold its standard output open: wait for its end, not for the end of what it says.
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await ended;
    child.stdout?.destroy();
    child.stderr?.destroy();
  }

  #hear(line: string): void {
    const space = line.indexOf(' ');
    const name = line.slice(space + 1);
    const word = line.slice(0, space);
    if (word === 'started' || word === 'gone') this.#listener[word](name);
  }

  #onEnd(child: ChildProcess): void {
    if (this.#isClosing || this.#child !== child) return;
    this.#child = undefined;
    this.#listener.lost();
    setTimeout(() => {
      if (!this.#isClosing) this.open();
    }, patienceMs).unref();
  }
}
