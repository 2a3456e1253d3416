import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { Problem } from '../core/problem.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import type { FlowsWish, FromDriver } from './driver-link.ts';
import { noted, type ProcessEnd, type Start, wordsOf } from './driver-process.ts';
import { Interpreter } from './interpreter.ts';
import { LiveEvents, type Printed } from './live-events.ts';
import { SessionLog } from './log-file.ts';
import { type State, takesStatements } from './session.ts';
import { type CodeKind, errorOutput, type Statement } from './statement.ts';
import { StatementQueue } from './statement-queue.ts';
import { Statements } from './statements.ts';

/** Limits of one session; times in milliseconds. */
export type LiveLimits = { startTimeout: number; grace: number; cancelTimeout: number; statements: number };

/** What a session needs of the room. */
export type LiveDependencies = {
  folder: string;
  limits: LiveLimits;
  clock: Clock;
  /** Answers what its interpreter asks of the flows. */
  flows(wish: FlowsWish, folder: string): Promise<object>;
  /** Told when the process is there, when its interpreter is ready, and when it is over. */
  onProcess(identity: ProcessIdentity): void;
  onReady(info: Record<string, string | null>): void;
  onEnd(end: { state: State; reason: string }): void;
};

type Phase = 'starting' | 'recovering' | 'ready' | 'ending' | 'over';

/**
 * A session of this server: its interpreter, the queue of its statements, and how it stands. Statements run one after the other in
 * the order of their ids. The end of one is told before the session is idle.
 */
export class LiveSession {
  readonly statements: Statements;
  readonly log: SessionLog;
  readonly events = new LiveEvents();
  /** When something was last asked of it, or its state changed; monotonic milliseconds. */
  lastActive: number;
  readonly #deps: LiveDependencies;
  readonly #interpreter: Interpreter;
  readonly #queue: StatementQueue;
  #phase: Phase = 'starting';
  #final: State = 'dead';
  #reason = '';
  #startTimer: NodeJS.Timeout | undefined;
  readonly #over = Promise.withResolvers<void>();

  constructor(deps: LiveDependencies) {
    const { folder, limits, flows, clock } = deps;
    this.#deps = deps;
    mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o700 });
    this.statements = new Statements(folder, limits.statements);
    this.log = new SessionLog(folder);
    this.lastActive = clock.monotonic();
    const interpreter = new Interpreter({
      folder,
      grace: limits.grace,
      flows,
      heard: (message, output) => void this.#hear(message, output),
      ended: (end) => this.#onInterpreterEnd(end),
    });
    this.#interpreter = interpreter;
    this.#queue = new StatementQueue({
      ...{ statements: this.statements, events: this.events, interpreter, clock, cancelTimeout: limits.cancelTimeout },
      onEnd: () => this.#onStatementEnd(),
      onStuck: (reason) => this.#onStuck(reason),
    });
  }

  get state(): State {
    const phase = this.#phase;
    if (phase === 'ready') return this.#queue.isEmpty ? 'idle' : 'busy';
    if (phase === 'ending') return 'shutting_down';
    return phase === 'over' ? this.#final : phase;
  }

  /** Resolves when it is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Starts the interpreter; what goes wrong ends the session, with its reason in the log. `settings` is for the driver. */
  async start(start: Omit<Start, 'folder'>, settings: object): Promise<void> {
    const { startTimeout } = this.#deps.limits;
    const tooLate = () => this.#failStart(`its interpreter was not ready after ${startTimeout / 1000} s`);
    this.#startTimer = setTimeout(tooLate, startTimeout).unref();
    try {
      const identity = await this.#interpreter.start(start, settings);
      if (this.#phase !== 'starting') return this.#interpreter.end();
      this.#deps.onProcess(identity);
      await this.#interpreter.connect();
    } catch (error) {
      this.#failStart(error instanceof Error ? error.message : String(error));
    }
  }

  /** Takes up the interpreter that a server before this one has left, or ends the session when there is none. */
  async recover(identity: ProcessIdentity | undefined): Promise<void> {
    this.#phase = 'recovering';
    if (identity === undefined || !this.#interpreter.adopt(identity)) {
      const end = noted(this.#deps.folder);
      return await this.#finish('dead', `it ended while no server looked on${end === undefined ? '' : `: ${wordsOf(end)}`}`);
    }
    try {
      await this.#interpreter.connect();
    } catch (error) {
      this.#reason = `its interpreter cannot be reached any more: ${(error as Error).message}`;
      this.#interpreter.end();
    }
  }

  /** Says how it ended, when that was before this server. */
  settle(state: State): void {
    this.#phase = 'over';
    this.#final = state;
    this.statements.close();
    this.#over.resolve();
  }

  /** Puts a statement into the queue. Throws `invalid` when none can be. */
  post(code: string, kind: CodeKind): Statement {
    this.#requireReady('wait until it is idle');
    this.touch();
    return this.#queue.post(code, kind);
  }

  /** Cancels a statement; one that is done, or is being cancelled, stays as it is. */
  cancel(id: number): void {
    this.#requireReady();
    const statement = this.statements.find(id);
    if (statement === undefined) return;
    this.touch();
    this.#queue.cancel(statement);
  }

  /** What an identifier may go on with. */
  async complete(code: string, cursor: number): Promise<string[]> {
    this.#requireReady();
    this.touch();
    return await this.#interpreter.complete(code, cursor);
  }

  /** Ends it; resolves when its processes are gone. */
  async stop(reason: string, state: State = 'dead'): Promise<void> {
    if (this.#phase === 'over') return;
    if (this.#phase !== 'ending') {
      this.#phase = 'ending';
      this.#final = state;
      this.#reason = reason;
      this.#queue.close();
      this.#tellState();
      if (this.#interpreter.isStarted) this.#interpreter.end();
      else await this.#finish(state, reason);
    }
    await this.over;
  }

  /** Lets go of the interpreter, which goes on and waits for the next server. */
  leave(): void {
    clearTimeout(this.#startTimer);
    this.#queue.close();
    this.#interpreter.leave();
    this.statements.close();
  }

  /** What the running statement has printed until now. */
  printedOf(id: number): readonly Printed[] {
    return this.#queue.printedOf(id);
  }

  /** Something was asked of it: its idle time begins anew. */
  touch(): void {
    this.lastActive = this.#deps.clock.monotonic();
  }

  #requireReady(hint?: string): void {
    if (!takesStatements(this.state)) throw new Problem('invalid', `Session is in state ${this.state}`, { ...(hint && { hint }) });
  }

  async #hear(message: FromDriver, output: Buffer | undefined): Promise<void> {
    switch (message.type) {
      case 'hello':
        if (this.#phase === 'recovering') this.#queue.resume(message);
        if (message.info !== null) this.#onReady(message.info);
        break;
      case 'ready':
        this.#onReady(message.info);
        break;
      case 'failed':
        this.#reason = message.reason;
        this.log.note(message.reason);
        break;
      case 'note':
        this.log.note(message.text);
        break;
      case 'printed':
      case 'progress':
      case 'done':
        await this.#queue.hear(message, output);
        break;
    }
  }

  #onReady(info: Record<string, string | null>): void {
    if (this.#phase !== 'starting' && this.#phase !== 'recovering') return;
    clearTimeout(this.#startTimer);
    this.#phase = 'ready';
    this.touch();
    this.#deps.onReady(info);
    this.#tellState();
    this.#queue.open();
  }

  #onStatementEnd(): void {
    this.touch();
    if (this.state === 'idle') this.#tellState();
  }

  #onStuck(reason: string): void {
    this.#reason = reason;
    this.#final = 'dead';
    this.#interpreter.kill();
  }

  #onInterpreterEnd(end: ProcessEnd): void {
    const words = this.#reason || wordsOf(end);
    if (this.#phase === 'ending') void this.#finish(this.#final, words);
    else if (this.#phase === 'starting') void this.#finish('error', `its interpreter did not start: ${words}`);
    else void this.#finish(end.code === 0 && end.reason === null ? 'success' : 'dead', `its interpreter has ended: ${words}`);
  }

  #failStart(reason: string): void {
    if (this.#phase !== 'starting') return;
    this.#reason ||= reason;
    if (this.#interpreter.isAlive) this.#interpreter.kill();
    else void this.#finish('error', this.#reason);
  }

  async #finish(state: State, reason: string): Promise<void> {
    if (this.#phase === 'over') return;
    this.log.note(reason);
    clearTimeout(this.#startTimer);
    this.#queue.close();
    await this.#loseStatements(state, reason);
    this.#phase = 'over';
    this.#final = state;
    this.#interpreter.close();
    this.statements.close();
    this.#deps.onEnd({ state, reason });
    this.#tellState();
    this.#over.resolve();
  }

  /** Final statements without an output look like successes to some clients. */
  async #loseStatements(state: State, reason: string): Promise<void> {
    const tail = this.log.read(undefined, 10).lines.join('\n');
    const isRecovering = this.#phase === 'recovering';
    await this.#queue.lose(this.#phase === 'ending' && state !== 'error' ? 'cancelled' : 'available', ({ id }, isRunning) =>
      isRunning && !isRecovering ? errorOutput(id, 'Error', `Interpreter died:\n${tail}`) : errorOutput(id, 'SessionLost', reason),
    );
  }

  #tellState(): void {
    this.events.tell({ event: 'state', state: this.state });
  }
}
