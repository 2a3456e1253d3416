/** `weir jobs top`: the queue as a live view of the whole terminal. The server pushes what changes; nothing is polled. */
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Screen } from '../../cli/screen.ts';
import { Problem } from '../../core/problem.ts';
import type { JobsClient, ShownJob } from '../remote.ts';
import { serverOf, withJobs } from './port.ts';
import { orders, screenOf, sorted, type TopState, tableOf } from './top-view.ts';

/** Jobs that are asked for at first; more would not be looked at on a screen. */
const most = 1000;
/** How long what has ended stays on the screen. */
const rememberedMs = 60_000;
/** Drawn anew at most so often, however much happens. */
const drawEveryMs = 100;
const factsEveryMs = 500;
const reconnectMs = 1000;
const open = 'Running,Suspended,Transfer,Queued,Idle';

/** Adds `weir jobs top`. */
export function addTop(jobs: Command): void {
  const command = jobs
    .command('top')
    .description('watch the queue on the whole screen; a plain table where there is no terminal')
    .option('--mine', 'only your jobs')
    .option('--once', 'print the table and end')
    .action(async ({ mine, once }: { mine?: boolean; once?: boolean }, command: Command) => {
      const output = openOutput(command);
      const server = serverOf(command);
      await withJobs(
        command,
        async (jobs) => {
          const isLive = !once && output.form === 'table' && process.stdout.isTTY && process.stdin.isTTY;
          if (isLive) return await new Top(jobs, server, mine === true).run();
          const { items } = await jobs.list({ state: open, mine: mine === true }, most);
          if (output.form !== 'table') return output.json(items);
          const state = { ...emptyState(server, mine === true), jobs: items, now: Date.now() };
          process.stdout.write(`${tableOf(state, output.width).join('\n')}\n`);
        },
        server,
      );
    });
  withExamples(command, 'weir jobs top', 'weir jobs top --mine', 'weir jobs top --once');
}

const emptyState = (server: string, isMine: boolean): TopState => ({
  server,
  facts: undefined,
  jobs: [],
  order: 'state',
  isReversed: false,
  isMine,
  chosen: undefined,
  message: '',
  now: Date.now(),
});

class Top {
  readonly #client: JobsClient;
  readonly #jobs = new Map<string, ShownJob>();
  readonly #screen: Screen;
  readonly #ending = new AbortController();
  #feed = new AbortController();
  #state: TopState;
  /** What `y` would do. */
  #pending: (() => Promise<unknown>) | undefined;
  #drawing: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;

  constructor(client: JobsClient, server: string, isMine: boolean) {
    this.#client = client;
    this.#state = emptyState(server, isMine);
    const streams = { input: process.stdin, output: process.stdout };
    this.#screen = new Screen(
      streams,
      (key) => this.#onKey(key),
      () => this.#draw(),
    );
  }

  /** Until somebody presses q. What the first look finds wrong goes to the caller; later on the screen tells it. */
  async run(): Promise<void> {
    await this.#load();
    const stop = () => this.#ending.abort();
    process.once('SIGTERM', stop);
    this.#screen.open();
    // The clock and the durations go on by themselves.
    const ticking = setInterval(() => this.#draw(), 1000);
    try {
      this.#draw();
      await this.#follow();
    } finally {
      process.off('SIGTERM', stop);
      clearInterval(ticking);
      clearTimeout(this.#drawing);
      clearTimeout(this.#asking);
      this.#screen.close();
    }
  }

  async #load(): Promise<void> {
    const { items } = await this.#client.list({ state: open, mine: this.#state.isMine }, most);
    this.#jobs.clear();
    for (const job of items) this.#jobs.set(job.id, job);
    this.#state.facts = await this.#client.queue();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      this.#feed = new AbortController();
      const either = AbortSignal.any([signal, this.#feed.signal]);
      try {
        const events = await this.#client.changes({ mine: this.#state.isMine }, either);
        // Only now that the feed is open: whatever happens is in the one or the other.
        await this.#load();
        this.#say('');
        for await (const event of events) {
          if (event.event === 'reset') break;
          this.#take(event);
        }
      } catch (error) {
        if (either.aborted) continue;
        if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
        this.#say(`${error.title} Trying again.`);
        await pause(reconnectMs, either);
      }
    }
  }

  #take({ event, data }: { event: string; data: string }): void {
    const job = JSON.parse(data) as ShownJob;
    if (event === 'forgotten') this.#jobs.delete(job.id);
    else this.#jobs.set(job.id, job);
    this.#asking ??= setTimeout(() => {
      this.#asking = undefined;
      this.#client.queue().then(
        (facts) => {
          this.#state.facts = facts;
          this.#draw();
        },
        () => {}, // the feed tells that the server is away
      );
    }, factsEveryMs).unref();
    this.#draw();
  }

  #draw(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      const now = Date.now();
      for (const { id, ended, state } of this.#jobs.values())
        if ((state === 'Done' || state === 'Failed') && Date.parse(ended ?? '') < now - rememberedMs) this.#jobs.delete(id);
      this.#state = { ...this.#state, jobs: [...this.#jobs.values()], now };
      this.#screen.draw(screenOf(this.#state, { rows: this.#screen.rows, width: this.#screen.columns }));
    }, drawEveryMs).unref();
  }

  #say(message: string): void {
    this.#state.message = message;
    this.#draw();
  }

  #onKey(key: string): void {
    if (this.#pending !== undefined) this.#answer(key);
    else this.#act(key);
    this.#draw();
  }

  #act(key: string): void {
    const actions: Record<string, () => void> = {
      q: () => this.#ending.abort(),
      interrupt: () => this.#ending.abort(),
      s: () => {
        this.#state.order = orders[(orders.indexOf(this.#state.order) + 1) % orders.length] as (typeof orders)[number];
      },
      r: () => {
        this.#state.isReversed = !this.#state.isReversed;
      },
      m: () => {
        this.#state.isMine = !this.#state.isMine;
        this.#feed.abort();
      },
      up: () => this.#choose(-1),
      k: () => this.#choose(-1),
      down: () => this.#choose(1),
      j: () => this.#choose(1),
      'page-up': () => this.#choose(-(this.#screen.rows - 4)),
      'page-down': () => this.#choose(this.#screen.rows - 4),
      x: () => this.#ask('stop', 'Stop'),
      h: () => this.#ask(this.#jobs.get(this.#state.chosen ?? '')?.state === 'Idle' ? 'release' : 'hold', 'Hold or release'),
    };
    actions[key]?.();
  }

  #choose(by: number): void {
    const jobs = sorted([...this.#jobs.values()], this.#state);
    const at = jobs.findIndex(({ id }) => id === this.#state.chosen);
    const next = at < 0 ? (by > 0 ? 0 : jobs.length - 1) : Math.max(0, Math.min(jobs.length - 1, at + by));
    this.#state.chosen = jobs[next]?.id;
    this.#state.message = '';
  }

  #ask(action: string, title: string): void {
    const { chosen } = this.#state;
    if (chosen === undefined) {
      this.#say('Choose a job first: up, down.');
      return;
    }
    this.#pending = () => this.#client.act(chosen, action);
    this.#say(`${title} job ${chosen}? y/n`);
  }

  #answer(key: string): void {
    const work = this.#pending;
    this.#pending = undefined;
    const answer = key === 'y' ? work?.() : undefined;
    if (answer === undefined) this.#say('');
    answer?.then(
      () => this.#say(''),
      (error: Error) => this.#say(error.message),
    );
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(go, ms);
    signal.addEventListener('abort', go, { once: true });
  });
