import type { Clock } from '../core/clock.ts';
import type { FromDriver } from './driver-link.ts';
import type { Interpreter } from './interpreter.ts';
import type { LiveEvents, Printed } from './live-events.ts';
import { type CodeKind, isDone, type Statement } from './statement.ts';
import type { Statements } from './statements.ts';

/** What a queue works with; times in milliseconds. */
export type StatementQueueDependencies = {
  statements: Statements;
  events: LiveEvents;
  interpreter: Interpreter;
  clock: Clock;
  cancelTimeout: number;
  /** Told when a statement has ended, and when one did not end although it was cancelled. */
  onEnd(): void;
  onStuck(reason: string): void;
};

/** What an interpreter says of its statements. */
export type StatementNews = Extract<FromDriver, { type: 'printed' | 'progress' | 'done' }>;

/** A second interrupt, for code that has caught the first. */
const secondInterruptMs = 2000;
/** Characters of printed text that are kept for those who begin to watch a statement while it runs. */
const printedKept = 1 << 20;

/** What a session has been asked to run: one statement at a time, in the order of their ids. */
export class StatementQueue {
  readonly #deps: StatementQueueDependencies;
  readonly #waiting: Statement[] = [];
  #current: Statement | undefined;
  #isOpen = false;
  readonly #printed: Printed[] = [];
  #printedSize = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(deps: StatementQueueDependencies) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#current === undefined && this.#waiting.length === 0;
  }

  /** Lets statements run from now on. */
  open(): void {
    this.#isOpen = true;
    this.#begin();
  }

  /** Lets no more statements run. */
  close(): void {
    this.#isOpen = false;
    this.#clearTimers();
  }

  post(code: string, kind: CodeKind): Statement {
    const { statements, clock, events } = this.#deps;
    const statement = statements.add({ code, kind, posted: clock.now() });
    this.#waiting.push(statement);
    events.tell({ event: 'statement', statement });
    this.#begin();
    return statement;
  }

  /** Cancels a statement; one that is done, or is being cancelled, stays as it is. */
  cancel(statement: Statement): void {
    if (statement.state === 'waiting') {
      this.#waiting.splice(this.#waiting.indexOf(statement), 1);
      void this.#end(statement, 'cancelled', undefined);
    } else if (statement.state === 'running') this.#interrupt(statement);
  }

  /** Takes up what an earlier server has left: the interpreter has been sent all up to `seen`, and runs `running`. */
  resume({ seen, running }: { seen: number; running: number | null }): void {
    for (const statement of this.#deps.statements.all()) {
      if (isDone(statement)) continue;
      if (statement.id > seen) this.#waiting.push(statement);
      else {
        // What it has ended comes right behind its greeting; what it is about to run comes later.
        statement.state = 'running';
        statement.started ||= statement.posted;
        if (statement.id === running || running === null) this.#current = statement;
      }
    }
  }

  async hear(news: StatementNews, output: Buffer | undefined): Promise<void> {
    if (news.type === 'done') await this.#onDone(news.id, output);
    else if (news.type === 'progress') this.#onProgress(news);
    else this.#onPrinted(news);
  }

  /** What the running statement has printed until now; nothing for any other. */
  printedOf(id: number): readonly Printed[] {
    return this.#current?.id === id ? [...this.#printed] : [];
  }

  /** Ends all that are not done, since nobody runs them any more. Those that are being cancelled are cancelled, whatever `state` says of the others. */
  async lose(state: 'available' | 'cancelled', outputOf: (statement: Statement, isRunning: boolean) => Buffer): Promise<void> {
    const { statements, events, clock } = this.#deps;
    const running = this.#current;
    this.#waiting.length = 0;
    this.#current = undefined;
    for (const statement of statements.all()) {
      if (isDone(statement)) continue;
      const end = { state: statement.state === 'cancelling' ? 'cancelled' : state, completed: clock.now() } as const;
      await statements.finish(statement, end, outputOf(statement, statement === running));
      events.tell({ event: 'statement', statement });
    }
  }

  /** Lets the next statement run, if it may. */
  #begin(): void {
    const { clock, interpreter, events } = this.#deps;
    if (!this.#isOpen || this.#current !== undefined) return;
    const statement = this.#waiting.shift();
    if (statement === undefined) return;
    this.#current = statement;
    this.#printed.length = 0;
    this.#printedSize = 0;
    statement.state = 'running';
    statement.started = clock.now();
    const { id, code, kind } = statement;
    interpreter.say({ type: 'run', id, code, kind });
    events.tell({ event: 'statement', statement });
  }

  #onPrinted({ id, stream, text }: Extract<FromDriver, { type: 'printed' }>): void {
    if (this.#current?.id === id && this.#printedSize < printedKept) {
      this.#printed.push({ stream, text });
      this.#printedSize += text.length;
    }
    this.#deps.events.tell({ event: 'printed', id, stream, text });
  }

  #onProgress({ id, progress, stages }: Extract<FromDriver, { type: 'progress' }>): void {
    const statement = this.#current;
    if (statement?.id !== id) return;
    statement.progress = progress;
    if (stages !== undefined) statement.stages = stages;
    this.#deps.events.tell({ event: 'progress', statement });
  }

  async #onDone(id: number, output: Buffer | undefined): Promise<void> {
    const statement = this.#deps.statements.find(id);
    // Told twice when a server went between hearing it and saying so.
    if (statement !== undefined && !isDone(statement)) {
      await this.#end(statement, statement.state === 'cancelling' ? 'cancelled' : 'available', output);
    }
    this.#deps.interpreter.say({ type: 'ack', id });
  }

  async #end(statement: Statement, state: 'available' | 'cancelled', output: Buffer | undefined): Promise<void> {
    const { statements, events, clock, onEnd } = this.#deps;
    await statements.finish(statement, { state, completed: clock.now() }, output);
    if (this.#current === statement) {
      this.#current = undefined;
      this.#clearTimers();
    }
    events.tell({ event: 'statement', statement });
    this.#begin();
    onEnd();
  }

  #interrupt(statement: Statement): void {
    const { interpreter, events, cancelTimeout, onStuck } = this.#deps;
    const again = () => interpreter.say({ type: 'cancel', id: statement.id });
    statement.state = 'cancelling';
    events.tell({ event: 'statement', statement });
    again();
    const stuck = () => {
      if (!isDone(statement)) onStuck(`statement ${statement.id} did not end within ${cancelTimeout / 1000} s of being cancelled`);
    };
    this.#timers = [setTimeout(again, secondInterruptMs).unref(), setTimeout(stuck, cancelTimeout).unref()];
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
