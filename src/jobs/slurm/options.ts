/** What a run asks of Slurm, as options of sbatch. Each is one word, and what users chose stands only behind a `=`. */
import { Problem } from '../../core/problem.ts';
import type { Run } from '../backend.ts';
import type { JobsConfig } from '../config.ts';
import type { Need } from '../resources.ts';

type SlurmConfig = JobsConfig['slurm'];

const topPriority = 15;
/** A step of our priority in Slurm's, which counts jobs by one. */
const niceStep = 100;

/** How Slurm shows our run to people. */
export const jobName = (run: string): string => `weir-${run}`;

/** The options for a run; `comment` is how it is found again. */
export function optionsOf(run: Run, comment: string, config: SlurmConfig): string[] {
  const { CORES = 1, RAM, GPUS, ...more } = run.place.takes;
  const licences = Object.entries(more).map(([name, count]) => `${name}:${count}`);
  return [
    ...config.options,
    ...(config.partition === '' ? [] : [`--partition=${config.partition}`]),
    ...(config.account === '' ? [] : [`--account=${config.account}`]),
    ...(config.qos === '' ? [] : [`--qos=${config.qos}`]),
    `--job-name=${jobName(run.name)}`,
    `--comment=${comment}`,
    `--chdir=${run.directory}`,
    `--output=${outputOf(run.logfile)}`,
    '--open-mode=append',
    '--input=/dev/null',
    // All of a clean environment; anything else makes a node log in as the user, to find out his variables.
    '--export=ALL',
    '--no-requeue',
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${CORES}`,
    ...(RAM === undefined ? [] : [`--mem=${RAM}M`]),
    ...(GPUS === undefined ? [] : [`--gpus=${GPUS}`]),
    ...(licences.length === 0 ? [] : [`--licenses=${licences.join(',')}`]),
    ...(run.has === undefined || run.has.length === 0 ? [] : [`--constraint=${run.has.join('&')}`]),
    ...(run.timeLimit === undefined ? [] : [`--time=${minutesOf(run)}`]),
    ...(run.priority === undefined ? [] : [`--nice=${(topPriority - run.priority) * niceStep}`]),
  ];
}

// The wrapper keeps the time to the second; Slurm's limit, in minutes, stands behind it.
const minutesOf = ({ timeLimit = 0, grace }: Run): number => Math.ceil((timeLimit + grace / 1000) / 60) + 1;

/** Slurm replaces `%` in names; a name with other odd characters is left to the wrapper, which opens the log itself. */
export const outputOf = (logfile: string): string => (/^[\w./+,=:@ %-]+$/.test(logfile) ? logfile.replaceAll('%', '%%') : '/dev/null');

/** Why Slurm cannot be asked for this in our words; undefined when it can. */
export function impossibleFor(needs: readonly Need[]): string | undefined {
  const [need] = needs;
  if (needs.length > 1) return 'Slurm takes no alternatives ("|")';
  if (need?.not !== undefined || need?.below !== undefined) return 'Slurm cannot be asked for what a host must not have ("!")';
  if (need?.atLeast !== undefined) return 'Slurm cannot be asked for the size of a host ("#")';
  return undefined;
}

/** Options that decide what becomes of a run: they are ours. */
const ours = new Set(
  (
    'parsable job-name comment chdir output error open-mode input export export-file no-requeue requeue nodes ntasks cpus-per-task mem time nice ' +
    'wrap array dependency uid gid wait test-only hold begin help usage version clusters constraint licenses gpus partition account qos quiet verbose'
  ).split(' '),
);

/** Looks at the options that the configuration adds. Throws `invalid`. */
export function checkOptions({ options, partition, account, qos }: SlurmConfig): void {
  for (const option of options) {
    const name = /^--([a-z][a-z0-9-]*)(=[^\0\n]*)?$/.exec(option)?.[1];
    if (name === undefined) throw fault(`expected --NAME or --NAME=VALUE, got ${JSON.stringify(option)}`);
    // sbatch takes any unambiguous beginning of a name for the name.
    if ([...ours].some((own) => own === name || own.startsWith(name))) throw fault(`--${name} is set by Weir or by a setting of its own`);
  }
  for (const [name, value] of Object.entries({ partition, account, qos }))
    if (value !== '' && !/^[\w.,@+-]+$/.test(value)) throw fault(`${name} has other characters than letters, digits and . , _ @ + -`);
}

const fault = (detail: string): Problem =>
  new Problem('invalid', 'The settings jobs.slurm cannot be used.', { detail, pointer: 'jobs.slurm' });
