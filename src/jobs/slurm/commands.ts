/** Slurm's commands, each a child process with words for arguments and a clean environment (`SBATCH_*` would change what sbatch does). */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';

/** What Slurm says of one of our jobs. */
export type Row = { id: string; state: string; nodes: string; comment: string; name: string; reason: string };

/** A command of Slurm that did not do what it was asked for; `isAway` when its controller does not answer. */
export class SlurmFault extends Error {
  readonly isAway: boolean;

  constructor(program: string, said: string) {
    super(said === '' ? `${program} failed and said nothing` : said);
    this.isAway = awayForms.test(said);
  }
}

/** What commands of Slurm say when they did not reach the controller, or have no answer of it. */
const awayForms =
  /unable to contact|connection refused|connect failure|timed out|timeout|not respond|zero bytes|socket|munge|standby|try(ing)? again|temporarily|in transition/i;

const commandTimeoutMs = 60_000;
const mostOutput = 256 * 1024 * 1024;

/** The text that the fields of a row are divided by; the reason is last since it is free text. */
const rowFormat = '%A|%T|%N|%k|%j|%r';

export class SlurmCommands {
  readonly #bin: string;
  readonly #environment: Record<string, string>;

  /** `bin` is the folder of the commands, empty for those on the path; `config` the file `slurm.conf`, empty for the usual one. */
  constructor(bin: string, config: string) {
    this.#bin = bin;
    this.#environment = {
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
      LC_ALL: 'C',
      ...(config !== '' && { SLURM_CONF: config }),
    };
  }

  /** Hands a script in; answers the id in Slurm. `variables` are what the script finds in its environment. */
  async submit(options: readonly string[], words: readonly string[], variables: Record<string, string>): Promise<string> {
    const said = await this.#run('sbatch', ['--parsable', ...options, ...words], variables);
    // JOBID, or JOBID;CLUSTER
    const id = said.trim().split(';')[0] ?? '';
    if (!/^\d+$/.test(id)) throw new SlurmFault('sbatch', `expected the id of a job, got ${JSON.stringify(said.slice(0, 200))}`);
    return id;
  }

  /** All jobs of this user that Slurm knows, ended ones too for as long as it keeps them. */
  async jobs(): Promise<Row[]> {
    const said = await this.#run('squeue', ['--noheader', '--me', '--states=all', `--format=${rowFormat}`]);
    return said
      .split('\n')
      .filter((line) => line !== '')
      .map(rowOf);
  }

  async cancel(id: string): Promise<void> {
    await this.#run('scancel', ['--', numberOf(id)]);
  }

  /** Sends a signal to the wrapper alone, which knows what it means. */
  async signal(id: string, signal: 'TERM' | 'HUP' | 'USR1' | 'USR2'): Promise<void> {
    await this.#run('scancel', ['--batch', `--signal=${signal}`, '--', numberOf(id)]);
  }

  async hold(id: string): Promise<void> {
    await this.#run('scontrol', ['hold', numberOf(id)]);
  }

  async release(id: string): Promise<void> {
    await this.#run('scontrol', ['release', numberOf(id)]);
  }

  /** Exit code and signal of a job that has ended, or undefined when Slurm does not know it any more. */
  async exitOf(id: string): Promise<{ code: number; signal: number } | undefined> {
    const said = await this.#run('scontrol', ['--oneliner', 'show', 'job', numberOf(id)]).catch(() => '');
    const match = /\bExitCode=(\d+):(\d+)/.exec(said);
    return match === null ? undefined : { code: Number(match[1]), signal: Number(match[2]) };
  }

  /** Seconds between TERM and KILL when Slurm ends a job (`KillWait`). */
  async killWait(): Promise<number> {
    const said = await this.#run('scontrol', ['show', 'config']);
    return Number(/^KillWait\s*=\s*(\d+)/m.exec(said)?.[1] ?? 30);
  }

  /** The release of Slurm. Throws `unavailable` that names what to install. */
  async version(): Promise<string> {
    return (await this.#run('sbatch', ['--version'])).trim().replace(/^slurm(-wlm)?\s+/i, '');
  }

  async #run(program: string, words: readonly string[], variables: Record<string, string> = {}): Promise<string> {
    const path = this.#bin === '' ? program : join(this.#bin, program);
    const options = {
      env: { ...this.#environment, ...variables },
      timeout: commandTimeoutMs,
      maxBuffer: mostOutput,
      cwd: '/',
    };
    return await new Promise((resolve, reject) => {
      execFile(path, words, options, (error, said, complaint) => {
        if (error === null) resolve(said);
        else if ((error as NodeJS.ErrnoException).code === 'ENOENT') reject(missing(path, error));
        else reject(new SlurmFault(program, error.killed === true ? 'timed out' : complaint.trim()));
      });
    });
  }
}

/** An id is all that follows a command, so it is looked at once more. */
function numberOf(id: string): string {
  if (!/^\d{1,18}$/.test(id)) throw new Problem('invalid', 'That is no id of a job in Slurm.', { detail: `got ${id}` });
  return id;
}

function rowOf(line: string): Row {
  const [id = '', state = '', nodes = '', comment = '', name = '', ...reason] = line.split('|');
  return { id, state, nodes, comment, name, reason: reason.join('|') };
}

const missing = (path: string, cause: Error): Problem =>
  new Problem('unavailable', 'The commands of Slurm are not here.', {
    detail: `there is no ${path}`,
    hint: 'sudo apt-get install slurm-client munge, or name their folder by jobs.slurm.bin',
    cause,
  });
