/**
 * Runs jobs on a cluster of Slurm, through its commands. The batch script is the wrapper of `local/launcher.pl`: what it writes into the folder of the
 * runs, which the nodes have to share, is the truth about a run, and a run that has a start file is never started again. Slurm is asked
 * for all jobs at once and at an interval. Its jobs bear the name of our run as their comment, so that one whose submission was not answered
 * is found again.
 */
import { randomBytes } from 'node:crypto';
import { type FSWatcher, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend, BackendDependencies, Run, RunEvent, Signal } from '../backend.ts';
import type { JobsConfig } from '../config.ts';
import type { Outcome } from '../job.ts';
import { script } from '../local/launcher.ts';
import { RunFiles } from '../local/run-files.ts';
import type { Need } from '../resources.ts';
import { type Row, SlurmCommands, SlurmFault } from './commands.ts';
import { checkOptions, impossibleFor, jobName, optionsOf } from './options.ts';
import { type Standing, standingOf, wordsOf } from './states.ts';
import { corrected, isOpen, neverStarted, unaccounted } from './verdict.ts';
import { WatchedRun } from './watched-run.ts';

/** Submissions under way at once; Slurm takes them one by one anyway. */
const submittersAtOnce = 4;
/** How often the folder is read where no events come (shared file systems have none). */
const lookEveryMs = 1000;
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
  readonly #toSubmit: WatchedRun[] = [];
  readonly #working = new Set<Promise<void>>();
  #submitters = 0;
  #tag = '';
  #killWaitMs = 30_000;
  #tell: (event: RunEvent) => void = () => {};
  #isClosed = true;
  #isAway = false;
  #isPolling = false;
  #wantsPoll = false;
  #timers: NodeJS.Timeout[] = [];
  #watcher: FSWatcher | undefined;
  #isLooking = false;

  constructor(config: JobsConfig, deps: BackendDependencies) {
    checkOptions(config.slurm);
    this.#config = config;
    this.#deps = deps;
    this.atOnce = config.slurm.atOnce;
    this.#files = new RunFiles(config.slurm.folder === '' ? deps.folder : config.slurm.folder);
    this.#commands = new SlurmCommands(config.slurm.bin, config.slurm.config);
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
    this.#tag = tagOf(folder);
    await this.#commands.version().catch((error: unknown) => {
      if (!(error instanceof SlurmFault)) throw error;
      this.#deps.log.warn({ err: error }, 'Slurm does not answer');
    });
    this.#killWaitMs = 1000 * (await this.#commands.killWait().catch(() => 30));
    this.#isClosed = false;
    this.#timers = [
      setInterval(() => this.#poll(), this.#config.slurm.interval).unref(),
      setInterval(() => this.#lookAtFiles(), Math.min(lookEveryMs, this.#config.slurm.interval)).unref(),
    ];
    // Where the nodes are this machine, or the file system passes events on, news come at once.
    this.#watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
    this.#watcher.on('error', () => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tell = () => {};
    this.#watcher?.close();
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.allSettled(this.#working);
  }

  start(run: Run): void {
    if (this.#runs.has(run.name)) return;
    const watched = new WatchedRun(run.name, run, this.#now());
    this.#runs.set(run.name, watched);
    try {
      this.#files.writeSpec(run);
      this.#submit(watched);
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
    this.#poll();
  }

  async signal(name: string, signal: Signal): Promise<boolean> {
    const watched = this.#runs.get(name);
    if (watched === undefined || this.#files.exit(name) !== undefined) return false;
    if (signal === 'stop' || signal === 'kill') {
      watched.wants = signal;
      watched.isPressed = false;
      await this.#press(watched);
      return true;
    }
    const id = this.#idOf(watched);
    if (id === undefined) return false;
    if (signal === 'suspend') await (watched.isSuspended || this.#commands.signal(id, 'USR1'));
    else if (signal === 'resume') await this.#commands.signal(id, 'USR2');
    // What Slurm has told us itself is not asked of it again.
    else if ((signal === 'hold') !== watched.isHeld) await this.#grant(watched, id, signal);
    this.#poll();
    return true;
  }

  /** Holds or releases a run; when Slurm does not answer, the next look tries again. */
  async #grant(watched: WatchedRun, id: string, wish: 'hold' | 'release'): Promise<void> {
    watched.wish = wish;
    try {
      await (wish === 'hold' ? this.#commands.hold(id) : this.#commands.release(id));
      watched.isHeld = wish === 'hold';
      watched.knownAt = this.#now(); // what was asked before this tells nothing
      watched.wish = undefined;
    } catch (error) {
      this.#deps.log.warn({ err: error, run: watched.name }, `Slurm did not ${wish} a job; trying again`);
    }
  }

  discard(name: string): void {
    this.#runs.delete(name);
    this.#files.discard(name);
  }

  sweep(known: ReadonlySet<string>): void {
    this.#files.sweep(known);
  }

  limits(): Record<string, string> {
    return { CORES: 'by Slurm (--cpus-per-task)', RAM: 'by Slurm (--mem)', GPUS: 'by Slurm (--gpus)' };
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  /** The comment of a run in Slurm: other servers under the same user have other tags. */
  #commentOf(name: string): string {
    return `weir:${this.#tag}:${name}`;
  }

  #idOf({ name, id }: WatchedRun): string | undefined {
    if (id !== undefined) return id;
    const start = this.#files.start(name);
    return typeof start === 'object' ? start.batchId : undefined;
  }

  #work(work: Promise<void>, what: string): void {
    const guarded = work
      .catch((error: unknown) => this.#deps.log.error({ err: error }, what))
      .finally(() => {
        this.#working.delete(guarded);
      });
    this.#working.add(guarded);
  }

  // Submitting.

  #submit(watched: WatchedRun): void {
    watched.isSubmitting = true;
    watched.isUnsure = false;
    this.#toSubmit.push(watched);
    if (this.#submitters >= submittersAtOnce) return;
    this.#submitters++;
    this.#work(
      this.#submitAll().finally(() => {
        this.#submitters--;
      }),
      'submitting to Slurm failed',
    );
  }

  async #submitAll(): Promise<void> {
    for (let next = this.#toSubmit.shift(); next !== undefined && !this.#isClosed; next = this.#toSubmit.shift())
      await this.#submitOne(next);
  }

  async #submitOne(watched: WatchedRun): Promise<void> {
    const { name, run } = watched;
    if (run === undefined || this.#runs.get(name) !== watched) return; // it was stopped meanwhile
    try {
      const options = optionsOf(run, this.#commentOf(name), this.#config.slurm);
      watched.id = await this.#commands.submit(options, [script, 'run', this.#files.folder, name], { WEIR_RUN: name });
      watched.knownAt = this.#now();
      if (this.#runs.get(name) !== watched) await this.#commands.cancel(watched.id);
    } catch (error) {
      if (this.#isClosed || this.#runs.get(name) !== watched) return;
      watched.knownAt = this.#now();
      if (!(error instanceof SlurmFault) || !error.isAway) this.#refuse(watched, (error as Error).message);
      else {
        // It may be there all the same: the next answer of squeue tells.
        watched.isUnsure = true;
        this.#sayWhy(watched, `Slurm does not answer: ${error.message}`, watched.isHeld);
      }
    } finally {
      watched.isSubmitting = false;
    }
  }

  /** Slurm does not take it; unless it has started all the same. */
  #refuse(watched: WatchedRun, why: string): void {
    if (this.#files.seal(watched.name)) this.#end(watched, { kind: 'unstarted', name: watched.name, why });
  }

  // Looking.

  #lookSoon(): void {
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    setTimeout(() => {
      this.#isLooking = false;
      this.#lookAtFiles();
    }, 5).unref();
  }

  #lookAtFiles(): void {
    if (this.#isClosed) return;
    try {
      const files = new Set(readdirSync(this.#files.folder));
      for (const watched of this.#runs.values())
        this.#lookAt(watched, files.has(`${watched.name}.start`), files.has(`${watched.name}.exit`));
    } catch (error) {
      this.#deps.log.error({ err: error }, 'the folder of the runs could not be read');
    }
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
      this.#poll();
    }
  }

  /** Asks Slurm for everything; once more when somebody wants to know while it is being asked. */
  #poll(): void {
    this.#wantsPoll = true;
    if (this.#isPolling || this.#isClosed) return;
    this.#isPolling = true;
    this.#work(
      this.#pollAll().finally(() => {
        this.#isPolling = false;
      }),
      'looking after the jobs in Slurm failed',
    );
  }

  async #pollAll(): Promise<void> {
    while (this.#wantsPoll && !this.#isClosed) {
      this.#wantsPoll = false;
      if (this.#runs.size === 0) return;
      const from = this.#now();
      const rows = await this.#rows();
      if (rows === undefined || this.#isClosed) return;
      this.#lookAtFiles();
      const byComment = new Map(rows.map((row) => [row.comment, row]));
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const watched of [...this.#runs.values()]) {
        const known = watched.id === undefined ? undefined : byId.get(watched.id);
        // A site may rewrite comments.
        const row = byComment.get(this.#commentOf(watched.name)) ?? (known?.name === jobName(watched.name) ? known : undefined);
        await this.#consider(watched, row, from);
      }
      await this.#cancelStrays(rows);
    }
  }

  async #rows(): Promise<Row[] | undefined> {
    try {
      const rows = await this.#commands.jobs();
      if (this.#isAway) this.#deps.log.info('Slurm answers again');
      this.#isAway = false;
      return rows;
    } catch (error) {
      if (this.#isClosed) return undefined;
      if (!this.#isAway) this.#deps.log.warn({ err: error }, 'Slurm does not answer');
      this.#isAway = true;
      for (const watched of this.#runs.values())
        if (!watched.isStarted) this.#sayWhy(watched, `Slurm does not answer: ${(error as Error).message}`, watched.isHeld);
      return undefined;
    }
  }

  /** Draws the conclusions from what Slurm says of a run. */
  async #consider(watched: WatchedRun, row: Row | undefined, asked: number): Promise<void> {
    if (this.#runs.get(watched.name) !== watched || watched.isSubmitting || watched.knownAt > asked) return;
    if (row === undefined && watched.isUnsure && !watched.isStarted) {
      this.#submit(watched);
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
      if (watched.wants !== undefined && !watched.isPressed) await this.#press(watched);
      else if (watched.wish !== undefined && row !== undefined) await this.#grant(watched, row.id, watched.wish);
    }
  }

  /** A word that is not known here changes nothing. */
  #standingOf(watched: WatchedRun, row: Row | undefined): Standing | undefined {
    if (row === undefined) return undefined;
    const standing = standingOf(row.state, row.reason);
    if (standing !== undefined) {
      watched.row = row;
      return standing;
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
    const id = this.#idOf(watched);
    const exit = standing?.is === 'over' && id !== undefined ? await this.#commands.exitOf(id) : undefined;
    const outcome: Outcome = this.#files.exit(name) ?? unaccounted(standing, row, exit, now);
    if (!this.#isClosed && this.#runs.get(name) === watched) this.#end(watched, { kind: 'ended', name, outcome });
  }

  #patience(): number {
    return Math.min(mostPatienceMs, Math.max(leastPatienceMs, 2 * this.#config.slurm.interval));
  }

  // Ending.

  #end(watched: WatchedRun, event: RunEvent): void {
    this.#runs.delete(watched.name);
    this.#tell(event);
  }

  /** Ends a run as somebody wants; when Slurm does not answer, the next look tries again. */
  async #press(watched: WatchedRun): Promise<void> {
    const { name, wants } = watched;
    if (!watched.isStarted && this.#files.seal(name)) {
      // From here on its wrapper does nothing, whenever it comes.
      this.#end(watched, { kind: 'unstarted', name, why: 'it was stopped before it started' });
      const id = watched.id;
      if (id !== undefined) this.#work(this.#commands.cancel(id), 'a job that waits in Slurm could not be cancelled');
      return;
    }
    const id = this.#idOf(watched);
    if (id === undefined) return;
    try {
      if (wants === 'kill') await this.#commands.signal(id, 'HUP');
      else if (this.#config.grace <= this.#killWaitMs) await this.#commands.cancel(id);
      else await this.#commands.signal(id, 'TERM');
      watched.isPressed = true;
    } catch (error) {
      this.#deps.log.warn({ err: error, run: name }, 'Slurm did not take a signal for a job; trying again');
      return;
    }
    // Should the wrapper not do it, Slurm does.
    const patience = wants === 'kill' ? this.#patience() : this.#config.grace + this.#patience();
    setTimeout(() => {
      if (this.#runs.get(name) === watched && !this.#isClosed)
        this.#work(this.#commands.cancel(id), 'a job could not be cancelled in Slurm');
    }, patience).unref();
  }

  /** Jobs of ours that wait in Slurm and that nobody wants any more: their submission was answered when the run was given up. */
  async #cancelStrays(rows: readonly Row[]): Promise<void> {
    const ours = this.#commentOf('');
    for (const { comment, id, state } of rows) {
      if (!comment.startsWith(ours) || this.#runs.has(comment.slice(ours.length))) continue;
      const standing = standingOf(state);
      if (standing?.is === 'waiting' || standing?.is === 'held') await this.#commands.cancel(id).catch(() => {});
    }
  }
}

/** What tells the runs of this folder from those of other servers: made once, and kept in it. */
function tagOf(folder: string): string {
  const file = join(folder, 'tag');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const tag = randomBytes(6).toString('hex');
    writeFileSync(file, `${tag}\n`, { mode: 0o600, flag: 'wx' });
    return tag;
  }
}
