/** Makes jobs of submissions that have been read: what they need has to be there, and they get their ids, directories, logs and environments. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { Tree } from '../keys/index.ts';
import type { Backend } from './backend.ts';
import type { JobsConfig } from './config.ts';
import { keepSnapshot } from './environment.ts';
import { IdCounter } from './id-counter.ts';
import type { Job } from './job.ts';
import { formatId } from './job-id.ts';
import { makeLog, takeLog } from './log-file.ts';
import type { JobMail } from './mail.ts';
import { type Files, filesOf, lastOpen } from './makers.ts';
import type { Queue } from './queue.ts';
import type { Submission } from './submission.ts';

export type IntakeDependencies = {
  config: JobsConfig;
  tree: Tree;
  queue: Queue;
  backend: Backend;
  mail: JobMail;
  dataFolder: string;
};

export class Intake {
  readonly #deps: IntakeDependencies;
  readonly #ids: IdCounter;

  constructor(deps: IntakeDependencies) {
    this.#deps = deps;
    this.#ids = new IdCounter(deps.tree);
  }

  async stop(): Promise<void> {
    await this.#ids.stop();
  }

  /** What only the room knows: that the jobs it depends on are there, and that some host could run it. Throws `unprocessable`. */
  check({ dependencies, kept: { needs, resources, terminal, mailUser } }: Submission): void {
    const { backend, mail, queue } = this.#deps;
    if (mailUser !== undefined) mail.require();
    if (terminal !== undefined && backend.terminal === undefined)
      throw new Problem('unprocessable', `The back end ${backend.name} gives no terminals.`, {
        pointer: '/interactive',
        hint: 'jobs on this host have them (jobs.backend: local)',
      });
    for (const { job } of dependencies) {
      if (queue.store.get(job) !== undefined) continue;
      throw new Problem('unprocessable', `There is no job ${formatId(job)} to depend on.`, { pointer: '/dependencies' });
    }
    const why = queue.pool === undefined ? backend.impossible?.(needs) : queue.pool.impossible(needs);
    if (why === undefined) return;
    throw new Problem('unprocessable', 'No host could ever run this job.', {
      detail: `${why} (asked for: ${resources || 'CORES/1'})`,
      pointer: '/resources',
    });
  }

  /** The jobs of a submission at a time (milliseconds since 1970 UTC): one, or the parent of an array and its children. Throws `unprocessable`, `conflict`. */
  async make(submission: Submission, user: string, now: number): Promise<Job[]> {
    const { config, queue } = this.#deps;
    const directory = this.#directoryOf(submission, user);
    const files = filesOf(submission, directory, (path) => lastOpen(queue.makers.of(path).map((id) => queue.store.get(id))));
    const { environment, array, logfile } = submission;
    const variables =
      environment.kind === 'snapshot'
        ? { kind: 'snapshot' as const, file: await keepSnapshot(directory, user, environment.variables) }
        : { kind: 'base' as const, ...(Object.keys(environment.variables).length > 0 && { variables: environment.variables }) };
    const first = await this.#ids.next(countOf(submission));
    const logOf = async (index?: number): Promise<string> =>
      logfile === undefined
        ? await makeLog(directory, now)
        : await takeLog(directory, index === undefined ? logfile : `${logfile}.${index}`);
    const common = {
      ...baseOf(submission, files, { user, group: config.group }),
      directory,
      environment: variables,
      submitted: now,
      queued: now,
    };
    const parent: Job = { ...common, id: first, logfile: array === undefined ? await logOf() : '' };
    if (array === undefined) return [parent];
    parent.array = { count: array.indexes.length, ...(array.atOnce !== undefined && { atOnce: array.atOnce }) };
    parent.logfile = logfile ?? 'vnc_logs';
    const children: Job[] = [];
    for (const [at, index] of array.indexes.entries())
      children.push({ ...common, id: first + 1 + at, logfile: await logOf(index), parent: first, index });
    return [{ ...parent, state: 'Queued' }, ...children];
  }

  #directoryOf({ directory, isDirectoryChecked }: Submission, user: string): string {
    if (directory === undefined) {
      const own = join(this.#deps.config.directory || join(this.#deps.dataFolder, 'jobs', 'work'), user);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      return own;
    }
    try {
      if (!statSync(directory).isDirectory()) throw new Error('it is not a directory');
      if (isDirectoryChecked) accessSync(directory, constants.R_OK | constants.X_OK);
    } catch (cause) {
      throw new Problem('unprocessable', 'The job cannot run in that directory.', {
        detail: (cause as Error).message,
        pointer: '/directory',
        cause,
      });
    }
    return directory;
  }
}

/** Jobs that a submission makes: an array has its parent besides. */
export const countOf = ({ array }: Submission): number => 1 + (array?.indexes.length ?? 0);

/** What the members of an array and a job that stands alone have in common. */
function baseOf(submission: Submission, files: Files, { user, group: usual }: { user: string; group: string }) {
  const { kept, group = usual, hasUserPart, isHeld, isAutoforgotten, submitHost = hostname() } = submission;
  const { dependencies, ...paths } = files;
  return {
    ...kept,
    ...paths,
    user,
    group: hasUserPart ? `${group}.${user}` : group,
    state: isHeld ? ('Idle' as const) : ('Queued' as const),
    ...(isHeld && { isHeld: true as const }),
    ...(dependencies.length > 0 && { dependencies }),
    ...(isAutoforgotten && { autoforget: true as const }),
    submitHost,
    run: 0,
  };
}
