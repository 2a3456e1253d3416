import { countStates, type HostResult } from './host-result.ts';
import type { Engine, Plan, ScanListener, ScanProgress } from './plan.ts';
import type { Scan } from './scan.ts';
import type { ScanStore } from './store.ts';

/** Hosts are kept when so many have come, so that an interrupted scan has most of what it found. */
const batch = 200;

/** One scan on its way: runs the plan, keeps what it finds, and writes down how it ended. */
export class RunningScan {
  readonly id: number;
  readonly #stop = new AbortController();
  readonly #store: ScanStore;
  readonly #plan: Plan;
  readonly #run: (plan: Plan, listener: ScanListener) => Promise<Engine>;
  readonly #hosts: HostResult[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #states: Record<string, number> = {};
  #progress: ScanProgress;
  #pieces = 0;
  #keeping: Promise<void> = Promise.resolve();
  #why: string | undefined;
  /** Resolves when the scan is over and on record. */
  readonly ended: Promise<void>;

  constructor(
    id: number,
    plan: Plan,
    {
      store,
      run,
      timeMs,
      now,
    }: { store: ScanStore; run: (plan: Plan, listener: ScanListener) => Promise<Engine>; timeMs: number; now(): number },
  ) {
    this.id = id;
    this.#plan = plan;
    this.#store = store;
    this.#run = run;
    this.#progress = { done: 0, total: plan.targets.length * Math.max(1, plan.ports.length), open: 0 };
    this.ended = this.#live(timeMs, now);
  }

  /** How far it is now; what is on record is a little behind. */
  get progress(): ScanProgress {
    return this.#progress;
  }

  /** Ends it with what it has. */
  stop(why: string): void {
    this.#why ??= why;
    this.#stop.abort();
  }

  async #live(timeMs: number, now: () => number): Promise<void> {
    const limit = setTimeout(() => this.stop('its time was up (scans.time)'), timeMs);
    try {
      await this.#store.change(this.id, (scan) => ({ ...scan, state: 'running', started: now() }));
      const engine = await this.#run(this.#plan, {
        signal: this.#stop.signal,
        onHosts: (hosts) => this.#take(hosts),
        onProgress: (progress) => {
          this.#progress = progress;
        },
      });
      await this.#keep();
      const end = this.#why === undefined ? ({ state: 'done' } as const) : ({ state: 'partial', reason: this.#why } as const);
      await this.#store.change(this.id, (scan) => ({ ...scan, ...this.#facts(), ...end, engine, ended: now() }));
    } catch (error) {
      await this.#fail(error as Error, now());
    } finally {
      clearTimeout(limit);
    }
  }

  async #fail(error: Error & { detail?: string; hint?: string }, ended: number): Promise<void> {
    const reason = [error.message, error.detail, error.hint].filter((part) => part !== undefined && part !== '').join(' ');
    await this.#keep().catch(() => {}); // the reason of the end is more than the rest of the results
    await this.#store.change(this.id, (scan) => ({ ...scan, ...this.#facts(), state: 'failed', reason, ended }));
  }

  #facts(): Pick<Scan, 'progress' | 'hosts' | 'states' | 'pieces'> {
    return { progress: this.#progress, hosts: { ...this.#counts }, states: { ...this.#states }, pieces: this.#pieces };
  }

  #take(hosts: HostResult[]): void {
    for (const { status } of hosts) this.#counts[status] = (this.#counts[status] ?? 0) + 1;
    for (const [state, count] of Object.entries(countStates(hosts))) this.#states[state] = (this.#states[state] ?? 0) + count;
    this.#hosts.push(...hosts);
    if (this.#hosts.length < batch) return;
    this.#keeping = this.#keep().then(() => this.#record());
    this.#keeping.catch(() => this.stop('its results could not be kept'));
  }

  /** One piece after the other. */
  async #keep(): Promise<void> {
    await this.#keeping.catch(() => {}); // its fault has stopped the scan already
    const hosts = this.#hosts.splice(0);
    if (hosts.length > 0) this.#pieces += await this.#store.keep(this.id, this.#pieces, hosts);
  }

  async #record(): Promise<void> {
    await this.#store.change(this.id, (scan) => ({ ...scan, ...this.#facts() }));
  }
}
