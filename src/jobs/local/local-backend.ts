/** Runs jobs on this host: a launcher beside the server, a wrapper for each run that outlives both (see `launcher.pl`). */
import { mkdirSync } from 'node:fs';
import { bootId, isAlive, signalProcess } from '../../core/process-identity.ts';
import type { Backend, BackendDependencies, Run, RunEvent, Signal } from '../backend.ts';
import type { JobsConfig } from '../config.ts';
import type { Outcome } from '../job.ts';
import type { Offer } from '../pool.ts';
import { Cgroups } from './cgroups.ts';
import { Launcher } from './launcher.ts';
import { killLeftovers } from './leftovers.ts';
import { offerOf } from './offer.ts';
import { RunFiles, type Start } from './run-files.ts';

/** How often runs that an earlier server, or an earlier launcher, has started are looked after. */
const lookEveryMs = 200;

const signals: Partial<Record<Signal, NodeJS.Signals>> = { stop: 'SIGTERM', kill: 'SIGHUP', suspend: 'SIGUSR1', resume: 'SIGUSR2' };

export const createLocalBackend = (config: JobsConfig, deps: BackendDependencies): Backend => new LocalBackend(config, deps);

class LocalBackend implements Backend {
  readonly name = 'local';
  readonly #offer: Offer;
  readonly #deps: BackendDependencies;
  readonly #files: RunFiles;
  readonly #cgroups: Cgroups;
  readonly #launcher: Launcher;
  readonly #boot = bootId();
  /** Runs whose wrappers are children of the launcher: it tells when they end. */
  readonly #launched = new Set<string>();
  /** Runs whose wrappers are nobody's children: they are looked after. */
  readonly #orphans = new Set<string>();
  /** Orphans that nobody wants: they are being ended, and nobody hears of it. */
  readonly #unwanted = new Set<string>();
  #tell: (event: RunEvent) => void = () => {};
  #looking: NodeJS.Timeout | undefined;

  constructor(config: JobsConfig, deps: BackendDependencies) {
    this.#deps = deps;
    this.#offer = offerOf(config);
    this.#files = new RunFiles(deps.folder);
    this.#cgroups = new Cgroups(config.limits, deps.folder, deps.log);
    this.#launcher = new Launcher(deps.folder, {
      started: (name) => this.#onStarted(name),
      gone: (name) => this.#onGone(name),
      lost: () => this.#onLauncherLost(),
      said: (text) => deps.log.warn({ text }, 'the launcher of jobs complains'),
    });
  }

  offers(): readonly Offer[] {
    return [this.#offer];
  }

  listen(listener: (event: RunEvent) => void): void {
    this.#tell = listener;
  }

  async open(): Promise<void> {
    mkdirSync(this.#deps.folder, { recursive: true, mode: 0o700 });
    this.#cgroups.open();
    this.#launcher.open();
    this.#looking = setInterval(() => this.#lookAfterOrphans(), lookEveryMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#tell = () => {};
    await this.#launcher.close();
    this.#cgroups.close();
  }

  start(run: Run): void {
    if (this.#launched.has(run.name)) return;
    try {
      this.#files.writeSpec(run, this.#cgroups.make(run));
      this.#launched.add(run.name);
      this.#launcher.launch(run.name);
    } catch (error) {
      this.#launched.delete(run.name);
      this.#deps.log.error({ err: error, run: run.name }, 'a job could not be handed to its wrapper');
      if (this.#files.seal(run.name)) this.#tell({ kind: 'unstarted', name: run.name, why: (error as Error).message });
      else this.#orphans.add(run.name);
    }
  }

  adopt(name: string): void {
    const start = this.#files.start(name);
    if (typeof start === 'object') this.#tell({ kind: 'started', name, at: start.at });
    this.#orphans.add(name);
    this.#lookAfter(name);
  }

  async signal(name: string, signal: Signal): Promise<boolean> {
    const number = signals[signal];
    if (number === undefined) return false; // nothing waits here
    const start = this.#files.start(name);
    if (start === 'none' && this.#files.seal(name)) return true; // its wrapper finds the seal, and its end is told as any
    if (typeof start !== 'object' || this.#files.exit(name) !== undefined) return false;
    return signalProcess(start.wrapper, number);
  }

  terminal(name: string): string {
    return this.#files.terminal(name);
  }

  discard(name: string): void {
    this.#launched.delete(name);
    this.#orphans.delete(name);
    this.#cgroups.remove(name);
    this.#files.discard(name);
  }

  sweep(known: ReadonlySet<string>): void {
    const kept = new Set(known);
    for (const name of this.#files.names()) {
      const start = known.has(name) ? 'none' : this.#files.start(name);
      if (typeof start !== 'object' || !this.#isAlive(start)) continue;
      this.#deps.log.warn({ run: name }, 'a run that nobody knows of is ended');
      kept.add(name);
      this.#unwanted.add(name);
      this.#orphans.add(name);
      signalProcess(start.wrapper, 'SIGHUP');
    }
    this.#files.sweep(kept);
    this.#cgroups.sweep(kept);
  }

  limits(): Record<string, string> {
    return this.#cgroups.describe();
  }

  #onStarted(name: string): void {
    const start = this.#files.start(name);
    if (typeof start === 'object') this.#tell({ kind: 'started', name, at: start.at });
  }

  /** The wrapper has ended; what it left behind says how. */
  #onGone(name: string): void {
    if (!this.#launched.delete(name)) return;
    this.#settle(name, this.#files.start(name));
  }

  #onLauncherLost(): void {
    this.#deps.log.warn('the launcher of jobs has ended; a new one takes over');
    for (const name of this.#launched) this.#orphans.add(name);
    this.#launched.clear();
  }

  #lookAfterOrphans(): void {
    for (const name of this.#orphans) this.#lookAfter(name);
  }

  #lookAfter(name: string): void {
    try {
      const start = this.#files.start(name);
      if (typeof start === 'object' && this.#files.exit(name) === undefined && this.#isAlive(start)) return;
      this.#orphans.delete(name);
      this.#settle(name, start);
    } catch (error) {
      this.#deps.log.error({ err: error, run: name }, 'a run could not be looked after');
    }
  }

  /** Tells the end of a run that has no living wrapper, or makes sure that it never gets one. */
  #settle(name: string, start: Start): void {
    if (this.#unwanted.delete(name)) {
      if (typeof start === 'object' && this.#files.exit(name) === undefined) this.#lost(name, start);
      this.discard(name);
      return;
    }
    // Read anew: a wrapper writes this last, so what was not there before may be there now that it is gone.
    const outcome = this.#files.exit(name);
    if (outcome !== undefined) {
      this.#cgroups.kill(name);
      this.#tell({ kind: 'ended', name, outcome: this.#cgroups.judge(name, outcome) });
    } else if (typeof start === 'object' && this.#isAlive(start))
      this.#orphans.add(name); // another wrapper was first
    else if (typeof start === 'object') this.#tell({ kind: 'ended', name, outcome: this.#lost(name, start) });
    else if (this.#files.seal(name)) this.#tell({ kind: 'unstarted', name, why: 'its wrapper did not come up' });
    else this.#orphans.add(name); // it came up this very moment
  }

  #isAlive({ boot, wrapper }: Exclude<Start, string>): boolean {
    return boot === this.#boot && isAlive(wrapper);
  }

  #lost(name: string, { boot, program, wrapper }: Exclude<Start, string>): Outcome {
    const ended = this.#deps.clock.now();
    if (boot !== this.#boot) return { cause: 'lost', note: 'the machine was started anew', ended };
    const count = killLeftovers(program, wrapper);
    this.#cgroups.kill(name);
    const note = count === 0 ? 'its wrapper was killed' : `its wrapper was killed; ${count} processes of it were ended`;
    return { cause: 'lost', note, ended };
  }
}
