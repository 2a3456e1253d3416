import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { type ProcessIdentity, processOf, signalProcess } from '../core/process-identity.ts';
import { DriverLink, type FlowsWish, type FromDriver, type ToDriver } from './driver-link.ts';
import { DriverProcess, type ProcessEnd, type Start } from './driver-process.ts';

/** What an interpreter works with; `grace` in milliseconds. */
export type InterpreterDependencies = {
  folder: string;
  grace: number;
  /** Answers what it asks of the flows. */
  flows(wish: FlowsWish, folder: string): Promise<object>;
  /** Told what it says, with the output behind `done`, and when its processes are gone. */
  heard(message: FromDriver, output: Buffer | undefined): void;
  ended(end: ProcessEnd): void;
};

/** How long a process may take to end after its connection has closed. */
const farewellMs = 2000;
/** How long it is waited for candidates: code that never lets go of the interpreter keeps it from answering. */
const completionMs = 5000;

/** The interpreter of a session: its process, and the connection over which it is spoken with. */
export class Interpreter {
  readonly #deps: InterpreterDependencies;
  #process: DriverProcess | undefined;
  #link: DriverLink | undefined;
  /** The driver itself, below the process that keeps it. */
  #driver: ProcessIdentity | undefined;
  readonly #calls = new Map<number, (candidates: string[]) => void>();
  #lastCall = 0;
  #isLeft = false;

  constructor(deps: InterpreterDependencies) {
    this.#deps = deps;
  }

  get isStarted(): boolean {
    return this.#process !== undefined;
  }

  /** True from its start to its end. */
  get isAlive(): boolean {
    return this.#process !== undefined && !this.#process.isOver;
  }

  /** Starts the process, and tells the driver its settings; rejects with the reason when it ends at once. */
  async start(start: Omit<Start, 'folder'>, settings: object): Promise<ProcessIdentity> {
    const { folder } = this.#deps;
    writeFileSync(this.#settings, JSON.stringify(settings), { mode: 0o600 });
    const process = await DriverProcess.start({ ...start, folder });
    this.#take(process);
    return process.identity;
  }

  /** Takes up the process that a server before this one has left. False when it is gone. */
  adopt(identity: ProcessIdentity): boolean {
    const process = DriverProcess.adopt(identity, this.#deps.folder);
    if (process !== undefined) this.#take(process);
    return process !== undefined;
  }

  async connect(): Promise<void> {
    const link = await DriverLink.open(this.#deps.folder, {
      heard: (message, output) => {
        if (this.#link === link) this.#hear(message, output);
      },
      closed: () => this.#onClosed(link),
    });
    this.#link = link;
  }

  say(message: ToDriver): void {
    this.#link?.send(message);
  }

  /** What an identifier may go on with. */
  async complete(code: string, cursor: number): Promise<string[]> {
    const call = ++this.#lastCall;
    const { promise, resolve } = Promise.withResolvers<string[]>();
    this.#calls.set(call, resolve);
    const timer = setTimeout(() => resolve([]), completionMs);
    this.say({ type: 'complete', call, code, cursor });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call);
    }
  }

  /** Asks it to end, and makes it after the grace. */
  end(): void {
    void this.#process?.end(this.#deps.grace, this.#driver);
  }

  kill(): void {
    void this.#process?.kill(this.#driver);
  }

  /** Lets go of the process, which goes on and waits for the next server. */
  leave(): void {
    this.#isLeft = true;
    this.#link?.close();
  }

  /** Forgets what only its life was for. */
  close(): void {
    this.#link?.close();
    rmSync(this.#settings, { force: true }); // it may hold secrets
  }

  get #settings(): string {
    return join(this.#deps.folder, 'start.json');
  }

  #take(process: DriverProcess): void {
    this.#process = process;
    void process.ended.then((end) => {
      if (this.#isLeft) return;
      // A keeper that was killed has ended nobody.
      if (this.#driver !== undefined) signalProcess(this.#driver, 'SIGKILL', 'group');
      this.#deps.ended(end);
    });
  }

  #hear(message: FromDriver, output: Buffer | undefined): void {
    if (message.type === 'completed') this.#calls.get(message.call)?.(message.candidates);
    else if (message.type === 'flows') void this.#answerFlows(message.wish);
    else {
      if (message.type === 'hello') this.#driver = processOf(message.pid);
      this.#deps.heard(message, output);
    }
  }

  async #answerFlows(wish: FlowsWish): Promise<void> {
    const { flows, folder } = this.#deps;
    try {
      this.say({ type: 'flows', ...(await flows(wish, folder)) });
    } catch (error) {
      this.say({ type: 'flows', error: error instanceof Problem ? `${error.title} ${error.detail ?? ''}`.trim() : String(error) });
    }
  }

  /** The connection is gone although nobody let go of it: the interpreter has ended, or is not to be trusted. */
  #onClosed(link: DriverLink): void {
    if (this.#isLeft || this.#link !== link || !this.isAlive) return;
    this.#link = undefined;
    const timer = setTimeout(() => this.kill(), farewellMs);
    void this.#process?.ended.then(() => clearTimeout(timer));
  }
}
