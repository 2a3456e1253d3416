/** Settings of the jobs: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { enabledSetting } from '../core/room-switch.ts';
import { choiceSetting, durationSetting, integerSetting, listSetting, sizeSetting, textSetting } from '../core/setting.ts';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** The part `jobs` of the configuration. */
export const jobsSettings = Type.Object({
  enabled: enabledSetting(
    'Whether jobs are run: only while `server.listen` is reached by this machine alone, `always`, or `never`. Whoever may submit runs programs as the user of the server.',
  ),
  backend: textSetting(
    'local',
    'Who runs the jobs: `local` runs them on this host, `slurm` on a cluster; or the absolute path of a file that exports a back end of its own.',
  ),
  slurm: Type.Object({
    bin: textSetting('', 'The folder of the commands `sbatch`, `squeue`, `scancel` and `scontrol`. Empty: they are on the path.'),
    config: textSetting('', 'The file `slurm.conf`. Empty: where Slurm looks for it.'),
    folder: textSetting('', 'The folder of what is known about runs; the nodes have to share it. Empty: below the data directory.'),
    partition: textSetting('', 'The partition that jobs go to. Empty: the usual one of the cluster.'),
    account: textSetting('', 'The account that jobs are charged to. Empty: the usual one.'),
    qos: textSetting('', 'The quality of service of jobs. Empty: the usual one.'),
    options: listSetting([], 'More options of `sbatch`, as `--NAME=VALUE`; those that Weir sets itself are refused.'),
    interval: durationSetting(5 * second, {
      description: 'How often Slurm is asked for all jobs, in one command. It keeps ended ones for `MinJobAge` (300 s).',
      minimum: 100,
      maximum: minute,
    }),
    atOnce: integerSetting(1000, {
      description: 'How many jobs Slurm has of us at most, running or waiting; the others wait here, in order and fair share.',
      minimum: 1,
      maximum: 100_000,
    }),
  }),
  cores: integerSetting(0, {
    description: 'Cores that jobs share on this host (resource CORES). 0: all of them.',
    minimum: 0,
    maximum: 65_536,
  }),
  memory: sizeSetting(0, { description: 'Memory that jobs share on this host (resource RAM, in MB). 0: all of it.' }),
  limits: choiceSetting(
    ['auto', 'processes', 'none'],
    'auto',
    'How jobs on this host are held to what they take: `auto` by a cgroup for each (cores, and memory where RAM is asked for) where this process may make some, else as `processes`: memory for each process alone, its data (RLIMIT_DATA); `none` counts only.',
  ),
  gpus: integerSetting(0, { description: 'Graphics processors that jobs share (resource GPUS).', minimum: 0, maximum: 1024 }),
  resources: listSetting([], 'More that jobs share, as `NAME=AMOUNT`: licences, for example.'),
  tags: listSetting([], 'Words that jobs may ask this host to have, beside its name, `linux64` and the like.'),
  group: textSetting('/time/users', 'The fair-share group of a job that names none; the name of its user is added.'),
  weights: listSetting([], 'Weights of fair-share groups, as `GROUP=WEIGHT`; a group that is not named has 1.'),
  halfLife: durationSetting(7 * day, { description: 'After which time a use of cores counts half for the fair share.', minimum: minute }),
  reserveAfter: durationSetting(5 * minute, {
    description: 'How long smaller jobs may overtake the first in line for which there is no room; then room is kept for it.',
  }),
  lostAfter: durationSetting(5 * minute, {
    description:
      'How long a server that shares the key tree may be silent until the others give up the jobs that it has: `lost`, or tried again by `retry`. Should it come back, it ends what still runs of them.',
    minimum: second,
    maximum: day,
  }),
  grace: durationSetting(10 * second, { description: 'The time between TERM and KILL when a job is stopped or its time is up.' }),
  directory: textSetting('', 'Where jobs run that name no directory, in a folder for each user. Empty: below the data directory.'),
  mail: Type.Object({
    sendmail: textSetting('sendmail', 'The program that takes mails about jobs that are over (`mailuser`): a name, or an absolute path.'),
    from: textSetting('', 'The sender of these mails. Empty: as the mail system has it.'),
  }),
  kept: integerSetting(1_000_000, {
    description: 'Jobs at most, ended ones too until they are forgotten; more are refused (429).',
    minimum: 1,
  }),
  array: integerSetting(10_000, { description: 'Jobs of one array at most.', minimum: 1, maximum: 100_000 }),
});

/** Settings of the jobs. Times are milliseconds, sizes octets. */
export type JobsConfig = Static<typeof jobsSettings>;
