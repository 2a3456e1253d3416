import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Problem } from '../core/problem.ts';
import { type Dependency, isOver, type Job } from './job.ts';
import { formatId } from './job-id.ts';
import type { Submission } from './submission.ts';

/** Which jobs make which files, by the outputs that they were submitted with. */
export class Makers {
  readonly #makers = new Map<string, Set<number>>();

  /** Takes a change of a job into account. */
  count(job: Job | undefined, before: Job | undefined): void {
    if ((job === undefined) === (before === undefined)) return;
    const { id, outputs = [], parent } = (job ?? before) as Job;
    if (parent !== undefined) return; // the array makes what its children make
    for (const path of outputs) {
      const ids = this.#makers.get(path) ?? new Set();
      if (job !== undefined) this.#makers.set(path, ids.add(id));
      else if (ids.delete(id) && ids.size === 0) this.#makers.delete(path);
    }
  }

  /** The jobs that make a file, rising. */
  of(path: string): number[] {
    return [...(this.#makers.get(path) ?? [])].sort((a, b) => a - b);
  }
}

/** Files of a submission, absolute, and what it has to wait for because of them. */
export type Files = { inputs?: string[]; outputs?: string[]; dependencies: Dependency[] };

/**
 * An input that a job makes which is not over is waited for; any other has to be there. Two jobs that are not over never make the same file.
 * Throws `unprocessable`, `conflict`.
 */
export function filesOf(
  { inputs = [], outputs = [], dependencies }: Submission,
  directory: string,
  makerOf: (path: string) => Job | undefined,
): Files {
  const files: Files = { dependencies: [...dependencies] };
  if (inputs.length > 0) files.inputs = inputs.map((path) => resolve(directory, path));
  if (outputs.length > 0) files.outputs = outputs.map((path) => resolve(directory, path));
  for (const path of files.inputs ?? []) {
    const maker = makerOf(path);
    if (maker !== undefined) files.dependencies.push({ kind: 'afterok', job: maker.id });
    else if (!existsSync(path))
      throw new Problem('unprocessable', 'A file that the job reads is not there, and no job makes it.', {
        detail: path,
        pointer: '/inputs',
      });
  }
  for (const path of files.outputs ?? []) {
    const maker = makerOf(path);
    if (maker === undefined) continue;
    throw new Problem('conflict', `Job ${formatId(maker.id)} makes that file already.`, { detail: path, pointer: '/outputs' });
  }
  return files;
}

/** The last of some jobs that is not over. */
export const lastOpen = (jobs: readonly (Job | undefined)[]): Job | undefined => jobs.findLast((job) => job !== undefined && !isOver(job));
