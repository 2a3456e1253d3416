/**
 * Chaos beside a small model: jobs are submitted while servers, launchers, wrappers and programs are killed at random moments, all decided by
 * a seed. In the end each job that was acknowledged has to have one of the fates that the model allows for it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { processesOf } from '../../src/jobs/backend-conformance.ts';
import { type House, pause, type Shown } from './house.ts';

/** What is killed in a round. */
export type Blow = 'server' | 'wrapper' | 'both' | 'launcher' | 'program' | 'start';

/** What the model knows of a job that was acknowledged. */
type Known = { mayRetry: boolean; isStopped: boolean; after?: string };

/** Numbers from 0 to 1 that only the seed decides (mulberry32). */
export function randomOf(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a run of chaos is made of: by default one that is short and always the same, since every machine goes through it. */
export function chaosOf(fewRounds: number): { seed: number; rounds: number } {
  const isLong = process.env.WEIR_TEST_ALL === '1' || process.env.WEIR_CHAOS_ROUNDS !== undefined;
  const seed = Number(process.env.WEIR_SEED ?? (isLong ? Math.floor(Math.random() * 2 ** 31) : 1));
  return { seed, rounds: Number(process.env.WEIR_CHAOS_ROUNDS ?? (isLong ? 10 * fewRounds : fewRounds)) };
}

export class Chaos {
  readonly #house: House;
  readonly #random: () => number;
  readonly #journal: string;
  readonly #known = new Map<string, Known>();
  /** Runs whose wrapper, or whose program, was killed. */
  readonly #struck = { wrapper: new Set<string>(), program: new Set<string>() };

  constructor(house: House, seed: number) {
    this.#house = house;
    this.#random = randomOf(seed);
    this.#journal = join(house.folder, 'journal');
    writeFileSync(this.#journal, '');
  }

  get #runs(): string {
    return join(this.#house.folder, 'data', 'jobs', 'runs');
  }

  /** Strikes so many times, with each of the blows in its turn; the server lives before and after each. `count` jobs are submitted meanwhile. */
  async rage(rounds: number, blows: readonly Blow[], count: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const blow = blows[round % blows.length] as Blow;
      const submitting = this.#submitAll(count);
      await pause(20 + this.#random() * 500);
      await this.#strike(blow);
      await submitting;
      if (this.#house.pid !== 0) continue;
      if (this.#random() < 0.3) await pause(this.#random() * 400);
      await this.#house.start();
    }
  }

  async #strike(blow: Blow): Promise<void> {
    if (blow === 'wrapper' || blow === 'both') this.#killOne('wrapper');
    if (blow === 'program') this.#killOne('program');
    if (blow === 'launcher') this.#killLauncher();
    if (blow === 'server' || blow === 'both' || blow === 'start') await this.#house.end('SIGKILL');
    if (blow !== 'start') return;
    // Once more while it is taking up what is there.
    await this.#house.start();
    await pause(this.#random() * 100);
    await this.#house.end('SIGKILL');
  }

  async #submitAll(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const mayRetry = this.#random() < 0.3;
      const isStopped = this.#random() < 0.1;
      const before = [...this.#known.keys()].at(-1);
      const after = this.#random() < 0.2 ? before : undefined;
      const nap = (this.#random() * 0.5).toFixed(2);
      // A line is one write, in append mode: lines of several jobs do not mix.
      const command = `echo start $WEIR_RUN >> ${this.#journal}; sleep ${nap}; echo end $WEIR_RUN >> ${this.#journal}`;
      try {
        const dependencies = after === undefined ? {} : { dependencies: [`afterok:${after}`] };
        const { id } = await this.#house.submit({ command, shell: true, ...dependencies, ...(mayRetry && { retry: { max: 20 } }) });
        this.#known.set(id, { mayRetry, isStopped, ...(after !== undefined && { after }) });
        if (isStopped) await this.#house.ask('POST', `/api/v1/jobs/${id}/stop`);
      } catch {
        return; // the server is gone, and nobody was promised anything
      }
      await pause(this.#random() * 40);
    }
  }

  /** Kills the wrapper or the program of one of the runs that live now. */
  #killOne(what: 'wrapper' | 'program'): void {
    const files = readdirSync(this.#runs).filter((file) => file.endsWith('.start'));
    const file = files[Math.floor(this.#random() * files.length)];
    if (file === undefined) return;
    try {
      const line = readFileSync(join(this.#runs, file), 'utf8').split('\n')[what === 'wrapper' ? 0 : 1] ?? '';
      const [pid = '', start = ''] = line.split(' ');
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      if (Number(pid) <= 1 || stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] !== start) return;
      this.#struck[what].add(file.replace(/\.start$/, ''));
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has just ended
    }
  }

  /** Kills the process beside the server that forks wrappers, known as its child. */
  #killLauncher(): void {
    const { pid } = this.#house;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ');
      for (const child of children) {
        try {
          if (!readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('launcher.pl')) continue;
          process.kill(Number(child), 'SIGKILL');
        } catch {
          // it has just ended
        }
      }
    }
  }

  /** Waits for the end of all jobs and holds them against the model. Answers how many there were. */
  async check(): Promise<number> {
    const jobs = new Map<string, Shown>();
    for (const id of this.#known.keys()) jobs.set(id, await this.#house.until(id, 'Done', 'Failed'));
    const lines = readFileSync(this.#journal, 'utf8').split('\n').slice(0, -1);
    for (const [id, job] of jobs) this.#judge(job, this.#known.get(id) as Known, jobs, lines);
    await this.#checkWhole(jobs);
    return jobs.size;
  }

  #judge(job: Shown, known: Known, jobs: ReadonlyMap<string, Shown>, lines: readonly string[]): void {
    const { id, state, cause = '', reason, runs } = job;
    const starts = lines.filter((line) => line.startsWith(`start ${id}.`));
    const ends = lines.filter((line) => line.startsWith(`end ${id}.`));
    const story = `job ${id} ${state} ${cause} (${reason}), ${runs} runs: ${[...starts, ...ends].join(', ')}; ${JSON.stringify(known)}`;
    const isStruck = (what: 'wrapper' | 'program') => [...this.#struck[what]].some((name) => name.startsWith(`${id}.`));
    // A run by its name starts once, whatever was killed; a job that may not be tried again, too.
    expect(new Set(starts).size, story).toBe(starts.length);
    if (!known.mayRetry) expect(starts.length, story).toBeLessThanOrEqual(1);
    const fates: Record<string, boolean> = {
      done: ends.filter((line) => line === `end ${id}.${runs}`).length === 1,
      lost: isStruck('wrapper'),
      // Of a wrapper that was killed Slurm may know it, being its parent; nobody else can.
      signal: isStruck('program') || (isStruck('wrapper') && reason?.includes('by the account of Slurm') === true),
      // The shell of the job sees the end of what it waits for.
      exit: isStruck('program'),
      stopped: known.isStopped,
      dependency: known.after !== undefined && jobs.get(known.after)?.state === 'Failed',
    };
    expect(fates[cause], story).toBe(true);
    expect(state === 'Done', story).toBe(cause === 'done');
    if (known.after === undefined || starts.length === 0) return;
    const before = jobs.get(known.after) as Shown;
    expect(before.state, story).toBe('Done');
    expect(lines.indexOf(`end ${before.id}.${before.runs}`), story).toBeLessThan(lines.indexOf(starts[0] as string));
  }

  /** Nothing is there that should not be: jobs twice, processes, files. */
  async #checkWhole(jobs: ReadonlyMap<string, Shown>): Promise<void> {
    const { body } = await this.#house.ask<{ total: number; items: Shown[] }>('GET', '/api/v1/jobs?per_page=1000');
    expect(new Set(body.items.map(({ id }) => id)).size).toBe(body.items.length);
    expect(body.total).toBeGreaterThanOrEqual(jobs.size);
    // Those too that were taken by a server that could not say so any more.
    for (const { id } of body.items) await this.#house.until(id, 'Done', 'Failed');
    await this.#house.end('SIGTERM');
    for (const { id, runs } of jobs.values()) expect(processesOf(`${id}.${runs}`, this.#house.folder), `processes of ${id}`).toBe(0);
    await this.#house.start();
    // What a server left behind that was killed between the end of a run and its last word about it.
    expect(readdirSync(this.#runs).filter((file) => file !== 'tag')).toEqual([]);
  }
}
