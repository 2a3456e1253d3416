/** What variables a job gets: a clean base, or a snapshot of those of its submitter, kept in a file below `vnc_logs/snapshots`. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { Job } from './job.ts';
import { formatId } from './job-id.ts';

/** The word of Accelerator for this machine: `linux64`. */
export const architecture =
  process.arch === 'x64' ? 'linux64' : process.arch === 'arm64' ? 'linuxarm64' : `${process.platform}_${process.arch}`;

/**
 * Writes a snapshot and answers its name, relative to the directory: equal environments share a file, whose number is a hash of the content.
 * It is readable by its owner alone, since environments hold secrets.
 */
export async function keepSnapshot(directory: string, user: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const text = JSON.stringify(Object.fromEntries(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))));
  const number = createHash('sha256').update(text).digest().readUInt32BE() % 1_000_000;
  for (let at = number; ; at++) {
    const name = join('vnc_logs', 'snapshots', user, architecture, `env${at}.env`);
    const path = join(directory, name);
    const there = await readFile(path, 'utf8').catch(() => undefined);
    if (there === text) return name;
    if (there !== undefined) continue; // the same number by chance
    await mkdir(dirname(path), { recursive: true });
    const fresh = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    const file = await open(fresh, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync(); // the job is acknowledged as durable, so what it needs has to be
    await file.close();
    await rename(fresh, path).catch(async (error: unknown) => {
      await rm(fresh, { force: true });
      throw error;
    });
    return name;
  }
}

/** All variables of a run. Throws `gone` when the snapshot is not there any more. */
export async function variablesOf(job: Job, run: string): Promise<Record<string, string>> {
  return { ...(await chosen(job)), ...markOf(job, run) };
}

/** The variables that the submitter chose. */
export async function chosen({ environment, directory, user }: Job): Promise<Record<string, string>> {
  if (environment.kind === 'base') return { ...base(user), ...environment.variables };
  try {
    return JSON.parse(await readFile(join(directory, environment.file), 'utf8')) as Record<string, string>;
  } catch (cause) {
    throw new Problem('gone', 'The snapshot of the environment cannot be read.', { detail: (cause as Error).message, cause });
  }
}

// Asked once: each look reads the files of the system.
let account: { homedir: string; shell: string | null } | undefined;

function base(user: string): Record<string, string> {
  account ??= userInfo();
  const { homedir, shell } = account;
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: homedir,
    USER: user,
    LOGNAME: user,
    SHELL: shell ?? '/bin/sh',
    LANG: 'C.UTF-8',
  };
}

/** What tells a job who it is. */
const markOf = ({ id, name, parent, index }: Job, run: string): Record<string, string> => ({
  WEIR_RUN: run,
  WEIR_JOB_ID: formatId(id),
  VOV_JOBID: formatId(id),
  ...(name !== undefined && { WEIR_JOB_NAME: name }),
  ...(parent !== undefined && { WEIR_ARRAY_ID: formatId(parent), WEIR_ARRAY_INDEX: String(index) }),
});
