/**
 * What `weir doctor` checks for jobs: Perl, in which their wrappers are written; cgroups, which limit them; a mail system, which tells of their ends;
 * and Slurm, if it is there.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type CgroupPlace, findCgroupPlace } from '../core/cgroup-place.ts';
import { findProgram } from '../core/find-program.ts';
import type { Finding } from './finding.ts';

const run = promisify(execFile);

/** Whether there is a Perl with its module POSIX, which a minimal one may lack: without it no job starts. */
export async function checkPerl(program = 'perl'): Promise<Finding> {
  const code = 'perl';
  const fix = 'sudo apt-get install perl';
  try {
    const { stdout } = await run(program, ['-MPOSIX', '-e', 'printf "%vd", $^V'], { timeout: 10_000 });
    return { level: 'ok', code, text: `perl ${stdout} (the wrappers of jobs)` };
  } catch (error) {
    const { code: reason, message } = error as NodeJS.ErrnoException;
    if (reason === 'ENOENT') return { level: 'warning', code, text: 'perl is missing: no jobs on this host', fix };
    return { level: 'warning', code, text: `perl does not run as jobs need it: ${message.split('\n')[1] ?? message}`, fix };
  }
}

/** Whether jobs get cgroups from a server that is started as this command was. */
export function checkCgroups(place: CgroupPlace | string = findCgroupPlace()): Finding {
  const code = 'cgroups';
  if (typeof place !== 'string') return { level: 'ok', code, text: `cgroup version ${place.version} limits jobs, at ${place.memory}` };
  return {
    level: 'warning',
    code,
    text: `no cgroups for jobs: ${place}; their memory is limited for each process alone, their cores are not`,
    fix: 'systemd-run --user --scope -p Delegate=yes weir serve   (in a unit: Delegate=yes)',
  };
}

/** Whether there is a program that takes mails about jobs. */
export function checkMail(program = 'sendmail'): Finding {
  const path = findProgram(program);
  if (path !== undefined) return { level: 'ok', code: 'mail', text: `${path} takes mails about jobs` };
  return { level: 'warning', code: 'mail', text: `${program} is missing: no mails about jobs`, fix: 'sudo apt-get install msmtp-mta' };
}

/** Whether jobs can go to Slurm: its commands, its configuration, and a controller that answers. */
export async function checkSlurm(program = 'scontrol'): Promise<Finding> {
  const code = 'slurm';
  try {
    const { stdout } = await run(program, ['ping'], { timeout: 20_000 });
    return { level: 'ok', code, text: `Slurm answers: ${stdout.trim().split('\n')[0]}` };
  } catch (error) {
    const { code: reason, stderr = '', message } = error as { code?: string; stderr?: string; message: string };
    if (reason === 'ENOENT')
      return { level: 'warning', code, text: `${program} is missing: no jobs in Slurm`, fix: 'sudo apt-get install slurm-client munge' };
    const why = (stderr.trim() || message).split('\n').at(-1);
    const fix = 'systemctl status munge slurmctld   (its configuration: /etc/slurm/slurm.conf, or the setting jobs.slurm.config)';
    return { level: 'warning', code, text: `Slurm is there, and does not answer: ${why}`, fix };
  }
}
