import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { Problem } from '../core/problem.ts';
import { type ProcessIdentity, processOf, signalProcess } from '../core/process-identity.ts';
import { DriverLink, type FlowsWish, type FromDriver } from './driver-link.ts';
import { DriverProcess, noted, type ProcessEnd, type Start, wordsOf } from './driver-process.ts';
import { SessionLog } from './log-file.ts';
import type { State } from './session.ts';
import { takesStatements } from './session.ts';
import { type CodeKind, isDone, type Statement } from './statement.ts';
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

/** What happens in a session, for those who watch it. */
export type LiveEvent =
  | { event: 'state'; state: State }
  | { event: 'statement'; statement: Statement }
  | { event: 'printed'; id: number; stream: 'stdout' | 'stderr'; text: string }
  | { event: 'progress'; statement: Statement };

type Phase = 'starting' | 'recovering' | 'ready' | 'ending' | 'over';

/** A second interrupt, for code that has caught the first. */
const secondInterruptMs = 2000;
/** How long a process may take to end after its connection has closed. */
const farewellMs = 2000;
/** Characters of printed text that are kept for those who begin to watch a statement while it runs. */
const printedKept = 1 << 20;

/**
 * A session of this server: its process, the queue of its statements, and how it stands. Statements run one after the other in
 * the order of their ids. The end of one is told before the session is idle.
 */
export class LiveSession {
  readonly statements: Statements;
  readonly log: SessionLog;
  /** When something was last asked of it, or its state changed; monotonic milliseconds. */
  lastActive: number;
  readonly #deps: LiveDependencies;
  #phase: Phase = 'starting';
  #final: State = 'dead';
  #reason = '';
  #process: DriverProcess | undefined;
  #link: DriverLink | undefined;
  #driver: ProcessIdentity | undefined;
  #current: Statement | undefined;
  readonly #waiting: Statement[] = [];
  readonly #printed: { stream: 'stdout' | 'stderr'; text: string }[] = [];
  #printedSize = 0;
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #calls = new Map<number, (candidates: string[]) => void>();
  #lastCall = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #over = Promise.withResolvers<void>();
  #isLeft = false;

  constructor(deps: LiveDependencies) {
    this.#deps = deps;
    mkdirSync(join(deps.folder, 'tmp'), { recursive: true, mode: 0o700 });
    this.statements = new Statements(deps.folder, deps.limits.statements);
    this.log = new SessionLog(deps.folder);
    this.lastActive = deps.clock.monotonic();
  }

  get state(): State {
    const phase = this.#phase;
    if (phase === 'ready') return this.#current === undefined && this.#waiting.length === 0 ? 'idle' : 'busy';
    if (phase === 'ending') return 'shutting_down';
    return phase === 'over' ? this.#final : phase;
  }

  /** Resolves when it is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Starts the process; what goes wrong ends the session, with its reason in the log. `settings` is for the driver. */
  async start(start: Omit<Start, 'folder'>, settings: object): Promise<void> {
    const { folder, limits } = this.#deps;
    try {
      writeFileSync(join(folder, 'start.json'), JSON.stringify(settings), { mode: 0o600 });
      this.#after(limits.startTimeout, () => this.#failStart(`its interpreter was not ready after ${limits.startTimeout / 1000} s`));
      const process = await DriverProcess.start({ ...start, folder });
      this.#take(process);
      if (this.#phase !== 'starting') return void process.end(limits.grace, undefined);
      this.#deps.onProcess(process.identity);
      await this.#connect();
    } catch (error) {
      this.#failStart(error instanceof Error ? error.message : String(error));
    }
  }

  /** Takes up the process that a server before this one has left, or ends the session when there is none. */
  async recover(identity: ProcessIdentity | undefined): Promise<void> {
    this.#phase = 'recovering';
    for (const statement of this.statements.all()) if (!isDone(statement)) this.#waiting.push(statement);
    const { folder } = this.#deps;
    const process = identity === undefined ? undefined : DriverProcess.adopt(identity, folder);
    if (process === undefined) {
      const end = noted(folder);
      return await this.#finish('dead', `it ended while no server looked on${end === undefined ? '' : `: ${wordsOf(end)}`}`);
    }
    this.#take(process);
    try {
      await this.#connect();
    } catch (error) {
      this.#reason = `its interpreter cannot be reached any more: ${(error as Error).message}`;
      void process.end(this.#deps.limits.grace, undefined);
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
    if (!takesStatements(this.state)) throw new Problem('invalid', `Session is in state ${this.state}`, { hint: 'wait until it is idle' });
    const statement = this.statements.add({ code, kind, posted: this.#deps.clock.now() });
    this.#waiting.push(statement);
    this.touch();
    this.#emit({ event: 'statement', statement });
    this.#pump();
    return statement;
  }

  /** Cancels a statement; one that is done, or is being cancelled, stays as it is. */
  cancel(id: number): void {
    if (!takesStatements(this.state)) throw new Problem('invalid', `Session is in state ${this.state}`);
    const statement = this.statements.find(id);
    if (statement === undefined) return;
    this.touch();
    if (statement.state === 'waiting') {
      this.#waiting.splice(this.#waiting.indexOf(statement), 1);
      void this.#end(statement, 'cancelled', undefined);
    } else if (statement.state === 'running') this.#interrupt(statement);
  }

  /** What an identifier may go on with. */
  async complete(code: string, cursor: number): Promise<string[]> {
    if (!takesStatements(this.state)) throw new Problem('invalid', `Session is in state ${this.state}`);
    this.touch();
    const call = ++this.#lastCall;
    const { promise, resolve } = Promise.withResolvers<string[]>();
    this.#calls.set(call, resolve);
    // Code that never lets go of the interpreter keeps it from answering: then there are no candidates.
    const timer = setTimeout(() => resolve([]), 5000);
    this.#link?.send({ type: 'complete', call, code, cursor });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call);
    }
  }

  /** Ends it; resolves when its processes are gone. */
  async stop(reason: string, state: State = 'dead'): Promise<void> {
    if (this.#phase === 'over') return;
    if (this.#phase !== 'ending') {
      this.#phase = 'ending';
      this.#final = state;
      this.#reason = reason;
      this.#emitState();
      if (this.#process === undefined) await this.#finish(state, reason);
      else void this.#process.end(this.#deps.limits.grace, this.#driver);
    }
    await this.over;
  }

  /** Lets go of the process, which goes on and waits for the next server. */
  leave(): void {
    this.#isLeft = true;
    this.#clearTimers();
    this.#link?.close();
    this.statements.close();
  }

  /** Tells of what happens from now on; the function that is answered ends it. */
  watch(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when a statement is done, or after so many milliseconds. */
  async untilDone(statement: Statement, ms: number): Promise<void> {
    if (ms === 0 || isDone(statement)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const unwatch = this.watch((event) => {
      if (event.event === 'statement' && event.statement === statement && isDone(statement)) resolve();
    });
    await promise;
    clearTimeout(timer);
    unwatch();
  }

  /** What the running statement has printed until now. */
  printedOf(id: number): readonly { stream: 'stdout' | 'stderr'; text: string }[] {
    return this.#current?.id === id ? [...this.#printed] : [];
  }

  #take(process: DriverProcess): void {
    this.#process = process;
    void process.ended.then((end) => this.#onProcessEnd(end));
  }

  async #connect(): Promise<void> {
    const link = await DriverLink.open(this.#deps.folder, {
      heard: (message, output) => {
        if (this.#link === link) void this.#hear(message, output);
      },
      closed: () => this.#onClosed(link),
    });
    this.#link = link;
  }

  async #hear(message: FromDriver, output: Buffer | undefined): Promise<void> {
    switch (message.type) {
      case 'hello':
        this.#driver = processOf(message.pid);
        if (this.#phase === 'recovering') this.#resume(message);
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
        this.#onPrinted(message);
        break;
      case 'progress':
        this.#onProgress(message);
        break;
      case 'completed':
        this.#calls.get(message.call)?.(message.candidates);
        break;
      case 'flows':
        await this.#answerFlows(message.wish);
        break;
      case 'done':
        await this.#onDone(message.id, output);
        break;
    }
  }

  /** Brings the statements of the journal and those of the interpreter together. */
  #resume({ seen, running }: Extract<FromDriver, { type: 'hello' }>): void {
    const sent = this.#waiting.filter(({ id }) => id <= seen);
    for (const statement of sent) {
      this.#waiting.splice(this.#waiting.indexOf(statement), 1);
      // What it has ended comes right behind its greeting; what it is about to run comes later.
      statement.state = 'running';
      statement.started ||= statement.posted;
      if (statement.id === running || running === null) this.#current = statement;
    }
  }

  #onReady(info: Record<string, string | null>): void {
    if (this.#phase !== 'starting' && this.#phase !== 'recovering') return;
    this.#clearTimers();
    this.#phase = 'ready';
    this.touch();
    this.#deps.onReady(info);
    this.#emitState();
    this.#pump();
  }

  #pump(): void {
    if (this.#phase !== 'ready' || this.#current !== undefined) return;
    const statement = this.#waiting.shift();
    if (statement === undefined) return;
    this.#current = statement;
    this.#printed.length = 0;
    this.#printedSize = 0;
    statement.state = 'running';
    statement.started = this.#deps.clock.now();
    const { id, code, kind } = statement;
    this.#link?.send({ type: 'run', id, code, kind });
    this.#emit({ event: 'statement', statement });
  }

  #onPrinted({ id, stream, text }: Extract<FromDriver, { type: 'printed' }>): void {
    if (this.#current?.id === id && this.#printedSize < printedKept) {
      this.#printed.push({ stream, text });
      this.#printedSize += text.length;
    }
    this.#emit({ event: 'printed', id, stream, text });
  }

  #onProgress({ id, progress, stages }: Extract<FromDriver, { type: 'progress' }>): void {
    const statement = this.#current;
    if (statement?.id !== id) return;
    statement.progress = progress;
    if (stages !== undefined) statement.stages = stages;
    this.#emit({ event: 'progress', statement });
  }

  async #onDone(id: number, output: Buffer | undefined): Promise<void> {
    const statement = this.statements.find(id);
    // Told twice when a server went between hearing it and saying so.
    if (statement !== undefined && !isDone(statement)) {
      await this.#end(statement, statement.state === 'cancelling' ? 'cancelled' : 'available', output);
    }
    this.#link?.send({ type: 'ack', id });
  }

  async #end(statement: Statement, state: 'available' | 'cancelled', output: Buffer | undefined): Promise<void> {
    await this.statements.finish(statement, { state, completed: this.#deps.clock.now() }, output);
    if (this.#current === statement) {
      this.#current = undefined;
      this.#clearTimers();
    }
    this.touch();
    this.#emit({ event: 'statement', statement });
    this.#pump();
    if (this.state === 'idle') this.#emitState();
  }

  #interrupt(statement: Statement): void {
    const { cancelTimeout } = this.#deps.limits;
    const again = () => this.#link?.send({ type: 'cancel', id: statement.id });
    statement.state = 'cancelling';
    this.#emit({ event: 'statement', statement });
    again();
    this.#after(secondInterruptMs, again);
    this.#after(cancelTimeout, () => {
      if (isDone(statement)) return;
      this.#reason = `statement ${statement.id} did not end within ${cancelTimeout / 1000} s of being cancelled`;
      this.#final = 'dead';
      void this.#process?.kill(this.#driver);
    });
  }

  async #answerFlows(wish: FlowsWish): Promise<void> {
    try {
      this.#link?.send({ type: 'flows', ...(await this.#deps.flows(wish, this.#deps.folder)) });
    } catch (error) {
      this.#link?.send({ type: 'flows', error: error instanceof Problem ? `${error.title} ${error.detail ?? ''}`.trim() : String(error) });
    }
  }

  /** The connection is gone although nobody let go of it: the interpreter has ended, or is not to be trusted. */
  #onClosed(link: DriverLink): void {
    if (this.#isLeft || this.#link !== link || this.#phase === 'over') return;
    this.#link = undefined;
    const process = this.#process;
    const timer = setTimeout(() => void process?.kill(this.#driver), farewellMs);
    void process?.ended.then(() => clearTimeout(timer));
  }

  #onProcessEnd(end: ProcessEnd): void {
    if (this.#isLeft) return;
    // A keeper that was killed has ended nobody.
    if (this.#driver !== undefined) signalProcess(this.#driver, 'SIGKILL', 'group');
    const words = this.#reason || wordsOf(end);
    if (this.#phase === 'ending') void this.#finish(this.#final, words);
    else if (this.#phase === 'starting') void this.#finish('error', `its interpreter did not start: ${words}`);
    else void this.#finish(end.code === 0 && end.reason === null ? 'success' : 'dead', `its interpreter has ended: ${words}`);
  }

  #failStart(reason: string): void {
    if (this.#phase !== 'starting') return;
    this.#reason ||= reason;
    if (this.#process === undefined || this.#process.isOver) void this.#finish('error', this.#reason);
    else void this.#process.kill(this.#driver);
  }

  async #finish(state: State, reason: string): Promise<void> {
    if (this.#phase === 'over') return;
    this.log.note(reason);
    await this.#loseStatements(state, reason);
    this.#phase = 'over';
    this.#final = state;
    this.#clearTimers();
    this.#link?.close();
    this.statements.close();
    rmSync(join(this.#deps.folder, 'start.json'), { force: true }); // it may hold secrets
    this.#deps.onEnd({ state, reason });
    this.#emitState();
    this.#over.resolve();
  }

  /** Final statements without an output look like successes to some clients. */
  async #loseStatements(state: State, reason: string): Promise<void> {
    const current = this.#current;
    const lost = [...(current === undefined ? [] : [current]), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const statement of lost) {
      const wasCancelled = statement.state === 'cancelling' || (this.#phase === 'ending' && state !== 'error');
      const tail = this.log.read(undefined, 10).lines.join('\n');
      const isDead = statement === current && this.#phase !== 'recovering';
      const output = isDead
        ? errorOutput(statement.id, 'Error', `Interpreter died:\n${tail}`)
        : errorOutput(statement.id, 'SessionLost', reason);
      await this.statements.finish(
        statement,
        { state: wasCancelled ? 'cancelled' : 'available', completed: this.#deps.clock.now() },
        output,
      );
      this.#emit({ event: 'statement', statement });
    }
  }

  /** Something was asked of it: its idle time begins anew. */
  touch(): void {
    this.lastActive = this.#deps.clock.monotonic();
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer.unref());
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #emitState(): void {
    this.#emit({ event: 'state', state: this.state });
  }
}

const errorOutput = (id: number, ename: string, evalue: string): Buffer =>
  Buffer.from(JSON.stringify({ status: 'error', execution_count: id, ename, evalue, traceback: [] }));
