import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, signalProcess } from '../../core/process-identity.ts';
import { DriverProcess, noted, type ProcessEnd, type Start, wordsOf } from '../driver-process.ts';
import { SessionLog } from '../log-file.ts';
import type { BatchEnd, BatchState } from './batch.ts';

/** What a batch needs of the room; `grace` in milliseconds. */
export type LiveBatchDependencies = {
  folder: string;
  grace: number;
  onProcess(identity: ProcessIdentity): void;
  onEnd(end: Omit<BatchEnd, 'at'>): void;
};

/** A batch of this server: its process and its log. */
export class LiveBatch {
  readonly log: SessionLog;
  readonly #deps: LiveBatchDependencies;
  #process: DriverProcess | undefined;
  #state: BatchState = 'starting';
  /** Why it is being ended. */
  #reason: string | undefined;
  readonly #over = Promise.withResolvers<void>();
  #isLeft = false;

  constructor(deps: LiveBatchDependencies) {
    this.#deps = deps;
    this.log = new SessionLog(deps.folder);
  }

  get state(): BatchState {
    return this.#state;
  }

  /** Resolves when it has ended. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Starts the process; what goes wrong ends the batch, with its reason in the log. */
  async start(start: Omit<Start, 'folder'>): Promise<void> {
    try {
      const process = await DriverProcess.start({ ...start, folder: this.#deps.folder });
      this.#take(process);
      this.#deps.onProcess(process.identity);
      if (this.#reason !== undefined) void process.end(this.#deps.grace, undefined);
    } catch (error) {
      this.#finish('dead', error instanceof Error ? error.message : String(error), null);
    }
  }

  /** Takes up the process that a server before this one has left, or says how it has ended meanwhile. */
  recover(identity: ProcessIdentity | undefined): void {
    const { folder } = this.#deps;
    const keeper = identity ?? processesOf(folder)?.keeper;
    const process = keeper === undefined ? undefined : DriverProcess.adopt(keeper, folder);
    if (process !== undefined) this.#take(process);
    else if (keeper === undefined) this.#finish('dead', 'the server ended before it was started', null);
    else this.#onProcessEnd(noted(folder) ?? { code: null, signal: null, reason: null });
  }

  /** Says how it ended, when that was before this server. */
  settle(state: BatchState): void {
    this.#state = state;
    this.#over.resolve();
  }

  /** Ends it with all that it has started; resolves when that is gone. */
  async stop(reason: string): Promise<void> {
    if (this.#reason === undefined && (this.#state === 'running' || this.#state === 'starting')) {
      this.#reason = reason;
      void this.#process?.end(this.#deps.grace, undefined);
    }
    await this.over;
  }

  /** Lets go of the process, which goes on. */
  leave(): void {
    this.#isLeft = true;
  }

  #take(process: DriverProcess): void {
    this.#process = process;
    this.#state = 'running';
    void process.ended.then((end) => {
      if (!this.#isLeft) this.#onProcessEnd(end);
    });
  }

  #onProcessEnd(end: ProcessEnd): void {
    // A keeper that was killed has ended nobody.
    const program = noted(this.#deps.folder) === undefined ? processesOf(this.#deps.folder)?.program : undefined;
    if (program !== undefined) signalProcess(program, 'SIGKILL', 'group');
    if (this.#reason !== undefined) this.#finish('killed', this.#reason, end.code);
    else if (end.code === 0 && end.reason === null && program === undefined) this.#finish('success', 'exit code 0', 0);
    else this.#finish('dead', program === undefined ? wordsOf(end) : 'what keeps it was killed', program === undefined ? end.code : null);
  }

  #finish(state: BatchState, reason: string, code: number | null): void {
    if (state !== 'success') this.log.note(`it has ended: ${reason}`);
    this.#state = state;
    // They may hold secrets.
    for (const name of ['start.json', 'spark.properties']) rmSync(join(this.#deps.folder, name), { force: true });
    this.#deps.onEnd({ state, reason, code });
    this.#over.resolve();
  }
}

/** Who keeps the batch, and who leads the group of its program, as they noted it themselves. */
function processesOf(folder: string): { keeper: ProcessIdentity; program: ProcessIdentity } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as { keeper: ProcessIdentity; program: ProcessIdentity };
  } catch {
    return undefined;
  }
}
