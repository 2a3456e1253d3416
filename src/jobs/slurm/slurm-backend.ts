/**
 * Runs jobs on a cluster of Slurm, through its commands. The batch script is the wrapper of `local/launcher.pl`: what it writes into the folder of the
 * runs, which the nodes have to share, is the truth about a run, and a run that has a start file is never started again. Slurm is asked
 * for all jobs at once and at an interval. Its jobs bear the name of our run as their comment, so that one whose submission was not answered
 * is found again.
 */
import { mkdirSync } from 'node:fs';
import type { Backend, BackendDependencies, Run, RunEvent, Signal } from '../backend.ts';
import type { JobsConfig } from '../config.ts';
import type { Outcome } from '../job.ts';
import { RunFiles } from '../local/run-files.ts';
import type { Need } from '../resources.ts';
import { type Row, SlurmCommands, SlurmFault } from './commands.ts';
import { Comments } from './comments.ts';
import { FolderWatch } from './folder-watch.ts';
import { checkOptions, impossibleFor, jobName } from './options.ts';
import { Poll } from './poll.ts';
import { type Standing, standingOf, wordsOf } from './states.ts';
import { Strays } from './strays.ts';
import { Submitter } from './submitter.ts';
import { corrected, isOpen, neverStarted, unaccounted } from './verdict.ts';
import { idIn, WatchedRun } from './watched-run.ts';
import { Wishes } from './wishes.ts';
import { Works } from './works.ts';

/** How long a run may be over for Slurm before its account is given up, at least: a shared folder shows files late. */
const leastPatienceMs = 1000;
const mostPatienceMs = 15_000;

export const createSlurmBackend = (config: JobsConfig, deps: BackendDependencies): Backend => new SlurmBackend(config, deps);

class SlurmBackend implements Backend {
  readonly name = 'slurm';
  readonly atOnce: number;
  readonly #config: JobsConfig;
  readonly #deps: BackendDependencies;
  readonly #files: RunFiles;
  readonly #commands: SlurmCommands;
  readonly #runs = new Map<string, WatchedRun>();
  readonly #submitter: Submitter;
  readonly #works: Works;
  readonly #wishes: Wishes;
  readonly #strays: Strays;
  readonly #poll: Poll;
  readonly #watch: FolderWatch;
  #comments: Comments | undefined;
  #killWaitMs = 30_000;
  #tell: (event: RunEvent) => void = () => {};

  constructor(config: JobsConfig, deps: BackendDependencies) {
    checkOptions(config.slurm);
    this.#config = config;
    this.#deps = deps;
    this.atOnce = config.slurm.atOnce;
    this.#files = new RunFiles(config.slurm.folder === '' ? deps.folder : config.slurm.folder);
    this.#commands = new SlurmCommands(config.slurm.bin, config.slurm.config);
    this.#works = new Works(deps.log);
    this.#submitter = new Submitter({
      commands: this.#commands,
      config: config.slurm,
      folder: this.#files.folder,
      works: this.#works,
      log: deps.log,
      now: () => this.#now(),
      commentOf: (name) => this.#commentOf(name),
      isWanted: (watched) => this.#runs.get(watched.name) === watched,
      onRefused: (watched, why) => this.#refuse(watched, why),
      onUnsure: (watched, why) => this.#sayWhy(watched, `Slurm does not answer: ${why}`, watched.isHeld),
    });
    this.#wishes = new Wishes({
      commands: this.#commands,
      files: this.#files,
      works: this.#works,
      log: deps.log,
      graceMs: config.grace,
      killWaitMs: () => this.#killWaitMs,
      patienceMs: () => this.#patience(),
      now: () => this.#now(),
      isWanted: (watched) => this.#runs.get(watched.name) === watched,
      onUnstarted: (watched) => this.#end(watched, { kind: 'unstarted', name: watched.name, why: 'it was stopped before it started' }),
    });
    this.#strays = new Strays({
      commands: this.#commands,
      runOf: (comment) => this.#comments?.runOf(comment),
      isWatched: (run) => this.#runs.has(run),
    });
    this.#poll = new Poll({
      commands: this.#commands,
      works: this.#works,
      log: deps.log,
      now: () => this.#now(),
      isNeeded: () => this.#runs.size > 0 || this.#strays.areLeft,
      onRows: (rows, askedAt) => this.#considerAll(rows, askedAt),
      onSilence: (why) => {
        for (const watched of this.#runs.values()) this.#sayWhy(watched, `Slurm does not answer: ${why}`, watched.isHeld);
      },
    });
    this.#watch = new FolderWatch(
      this.#files.folder,
      (names) => this.#lookAtFiles(names),
      (error) => deps.log.error({ err: error }, 'the folder of the runs could not be read'),
    );
  }

  /** Slurm has the hosts, and queues by itself. */
  offers(): undefined {
    return undefined;
  }

  impossible(needs: readonly Need[]): string | undefined {
    return impossibleFor(needs);
  }

  listen(listener: (event: RunEvent) => void): void {
    this.#tell = listener;
  }

  async open(): Promise<void> {
    const { folder } = this.#files;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#comments = new Comments(folder);
    await this.#commands.version().catch((error: unknown) => {
      if (!(error instanceof SlurmFault)) throw error;
      this.#deps.log.warn({ err: error }, 'Slurm does not answer');
    });
    this.#killWaitMs = 1000 * (await this.#commands.killWait().catch(() => 30));
    this.#works.open();
    this.#poll.open(this.#config.slurm.interval);
    this.#watch.open(this.#config.slurm.interval);
  }

  async close(): Promise<void> {
    this.#tell = () => {};
    this.#watch.close();
    this.#poll.close();
    await this.#works.close();
  }

  start(run: Run): void {
    if (this.#runs.has(run.name)) return;
    const watched = new WatchedRun(run.name, run, this.#now());
    this.#runs.set(run.name, watched);
    try {
      this.#files.writeSpec(run);
      this.#submitter.submit(watched);
    } catch (error) {
      this.#deps.log.error({ err: error, run: run.name }, 'a job could not be handed to Slurm');
      this.#refuse(watched, (error as Error).message);
    }
  }

  adopt(name: string): void {
    if (this.#runs.has(name)) return;
    const watched = new WatchedRun(name, undefined, this.#now());
    this.#runs.set(name, watched);
    this.#lookAt(watched, true, true);
    this.#poll.ask();
  }

  async signal(name: string, signal: Signal): Promise<boolean> {
    const watched = this.#runs.get(name);
    if (watched === undefined || this.#files.exit(name) !== undefined) return false;
    if (signal === 'stop' || signal === 'kill') {
      watched.wants = signal;
      watched.isPressed = false;
      await this.#wishes.end(watched);
      return true;
    }
    const id = idIn(this.#files, watched);
    if (id === undefined) return false;
    if (signal === 'suspend') await (watched.isSuspended || this.#commands.signal(id, 'USR1'));
    else if (signal === 'resume') await this.#commands.signal(id, 'USR2');
    // What Slurm has told us itself is not asked of it again.
    else if ((signal === 'hold') !== watched.isHeld) await this.#wishes.grant(watched, id, signal);
    this.#poll.ask();
    return true;
  }

  discard(name: string): void {
    this.#runs.delete(name);
    this.#files.discard(name);
  }

  sweep(known: ReadonlySet<string>): void {
    for (const name of this.#files.names()) {
      const isLeft = !known.has(name) && typeof this.#files.start(name) === 'object' && this.#files.exit(name) === undefined;
      if (isLeft) this.#strays.add(name);
    }
    this.#files.sweep(known);
    this.#poll.ask();
  }

  limits(): Record<string, string> {
    return { CORES: 'by Slurm (--cpus-per-task)', RAM: 'by Slurm (--mem)', GPUS: 'by Slurm (--gpus)' };
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  #commentOf(name: string): string {
    return (this.#comments as Comments).of(name);
  }

  /** Slurm does not take it; unless it has started all the same. */
  #refuse(watched: WatchedRun, why: string): void {
    if (this.#files.seal(watched.name)) this.#end(watched, { kind: 'unstarted', name: watched.name, why });
  }

  // Looking.

  #lookAtFiles(names: ReadonlySet<string>): void {
    for (const watched of this.#runs.values()) this.#lookAt(watched, names.has(`${watched.name}.start`), names.has(`${watched.name}.exit`));
  }

  /** Tells what the files of a run say that was not told yet. */
  #lookAt(watched: WatchedRun, hasStart: boolean, hasExit: boolean): void {
    const { name } = watched;
    if (hasStart && !watched.isStarted) {
      const start = this.#files.start(name);
      if (typeof start === 'object') {
        watched.isStarted = true;
        watched.id ??= start.batchId;
        this.#tell({ kind: 'started', name, at: start.at, ...(start.node !== undefined && { host: start.node }) });
      }
    }
    const outcome = hasExit && watched.account === undefined ? this.#files.exit(name) : undefined;
    if (outcome === undefined) return;
    if (!isOpen(outcome, watched.wants !== undefined)) this.#end(watched, { kind: 'ended', name, outcome });
    else {
      watched.account = { outcome, until: this.#now() + this.#patience() + this.#killWaitMs };
      this.#poll.ask();
    }
  }

  async #considerAll(rows: readonly Row[], askedAt: number): Promise<void> {
    this.#watch.look();
    const byComment = new Map(rows.map((row) => [row.comment, row]));
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const watched of [...this.#runs.values()]) {
      const known = watched.id === undefined ? undefined : byId.get(watched.id);
      // A site may rewrite comments.
      const row = byComment.get(this.#commentOf(watched.name)) ?? (known?.name === jobName(watched.name) ? known : undefined);
      await this.#consider(watched, row, askedAt);
    }
    await this.#strays.cancel(rows);
  }

  /** Draws the conclusions from what Slurm says of a run. */
  async #consider(watched: WatchedRun, row: Row | undefined, asked: number): Promise<void> {
    if (this.#runs.get(watched.name) !== watched || watched.isSubmitting || watched.knownAt > asked) return;
    if (row === undefined && watched.isUnsure && !watched.isStarted) {
      this.#submitter.submit(watched);
      return;
    }
    if (row !== undefined) {
      watched.id = row.id;
      watched.isUnsure = false;
    }
    const standing = this.#standingOf(watched, row);
    const isOdd = row === undefined || standing?.is === 'over' || standing?.is === 'withdrawn';
    if (watched.account !== undefined) {
      if (!isOdd && this.#now() < watched.account.until) return;
      const outcome = row === undefined ? watched.account.outcome : corrected(watched.account.outcome, standing, row);
      this.#end(watched, { kind: 'ended', name: watched.name, outcome });
      return;
    }
    if (isOdd) await this.#giveUp(watched, standing, row);
    else {
      watched.oddSince = undefined;
      this.#follow(watched, standing, row);
      if (watched.wants !== undefined && !watched.isPressed) await this.#wishes.end(watched);
      else if (watched.wish !== undefined && row !== undefined) await this.#wishes.grant(watched, row.id, watched.wish);
    }
  }

  /** A word that is not known here changes nothing. */
  #standingOf(watched: WatchedRun, row: Row | undefined): Standing | undefined {
    if (row === undefined) return undefined;
    const standing = standingOf(row.state, row.reason);
    if (standing !== undefined) {
      watched.row = row;
      // Somebody has had it put back into Slurm's queue. What has started never starts again.
      return watched.isStarted && (standing.is === 'waiting' || standing.is === 'held') ? { is: 'withdrawn' } : standing;
    }
    this.#deps.log.warn({ run: watched.name, state: row.state }, 'Slurm has a state that is not known here');
    return watched.row === undefined ? { is: 'waiting' } : standingOf(watched.row.state, watched.row.reason);
  }

  #follow(watched: WatchedRun, standing: Standing | undefined, row: Row | undefined): void {
    const { name } = watched;
    // Between a wish and its grant Slurm says the contrary.
    if (watched.wish !== undefined) return;
    if (standing?.is === 'waiting' || standing?.is === 'held') this.#sayWhy(watched, wordsOf(row?.reason ?? ''), standing.is === 'held');
    else if (standing?.is === 'running' && row?.state === 'CONFIGURING') this.#sayWhy(watched, 'Slurm makes its node ready', false);
    const isSuspended = standing?.is === 'suspended';
    if (!watched.isStarted || isSuspended === watched.isSuspended) return;
    watched.isSuspended = isSuspended;
    this.#tell({ kind: isSuspended ? 'suspended' : 'resumed', name });
  }

  #sayWhy(watched: WatchedRun, why: string, isHeld: boolean): void {
    if (watched.isStarted || (watched.words === why && watched.isHeld === isHeld)) return;
    watched.words = why;
    watched.isHeld = isHeld;
    this.#tell({ kind: 'waiting', name: watched.name, why, isHeld });
  }

  /** It is over for Slurm, or not known there, and its wrapper has not said so: after a while nobody waits for that any more. */
  async #giveUp(watched: WatchedRun, standing: Standing | undefined, row: Row | undefined): Promise<void> {
    const { name } = watched;
    const now = this.#now();
    watched.oddSince ??= now;
    if (now - watched.oddSince < this.#patience()) return;
    if (this.#files.seal(name)) {
      const outcome = neverStarted(standing, row, now);
      if (outcome !== undefined) this.#end(watched, { kind: 'ended', name, outcome });
      else this.#end(watched, { kind: 'unstarted', name, why: row === undefined ? 'Slurm does not know it' : `${row.state} in Slurm` });
      return;
    }
    const id = idIn(this.#files, watched);
    const exit = standing?.is === 'over' && id !== undefined ? await this.#commands.exitOf(id) : undefined;
    const outcome: Outcome = this.#files.exit(name) ?? unaccounted(standing, row, exit, now);
    if (!this.#works.isClosed && this.#runs.get(name) === watched) this.#end(watched, { kind: 'ended', name, outcome });
  }

  #patience(): number {
    return Math.min(mostPatienceMs, Math.max(leastPatienceMs, 2 * this.#config.slurm.interval));
  }

  // Ending.

  #end(watched: WatchedRun, event: RunEvent): void {
    this.#runs.delete(watched.name);
    this.#tell(event);
  }
}
