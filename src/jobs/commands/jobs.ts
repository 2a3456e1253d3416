/** `weir jobs …`: the modern spelling. */
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { readTimeSpec } from '../duration.ts';
import type { ShownJob } from '../remote.ts';
import { printJobs } from './look.ts';
import { withJobs } from './port.ts';
import { printLog } from './print-log.ts';
import { attend, windowHere } from './terminal.ts';
import { endings, waitFor } from './wait.ts';

type SubmitOptions = {
  shell?: boolean;
  name?: string;
  set?: string;
  class?: string;
  resources?: string;
  priority?: string;
  group?: string;
  timeLimit?: string;
  directory?: string;
  log?: string;
  env?: string[];
  snapshot?: boolean;
  after?: string[];
  array?: string;
  retry?: number;
  hold?: boolean;
  autoforget?: boolean;
  wait?: boolean;
  terminal?: boolean;
};

const repeated = (text: string, all: string[] = []): string[] => [...all, text];

/** Adds `weir jobs submit`. */
export function addSubmit(jobs: Command): void {
  const command = jobs
    .command('submit')
    .description('submit a program; put -- before it when it has options of its own')
    .argument('<command...>', 'the program and its arguments')
    .option('--shell', 'give the command to /bin/sh')
    .option('--name <name>', 'a name for people')
    .option('--set <name>', 'put it into a set, which is looked at and ended as one')
    .option('--class <name>', 'a job class that presets what is not said here (weir jobs class list)')
    .option('--resources <expression>', 'what it needs: CORES/2 RAM/500')
    .option('--priority <priority>', '1 to 15, or low, normal, high, top')
    .option('--group <group>', 'the fair-share group')
    .option('--time-limit <time>', 'how long it may run: 90s, 3h30m')
    .option('--directory <path>', 'where it runs (default: here)')
    .option('--log <file>', 'where its output goes, inside of the directory')
    .option('--env <name=value>', 'a variable; may be repeated', repeated)
    .option('--snapshot', 'take all variables of this shell along')
    .option('--after <dependency>', 'afterok:ID, afternotok:ID, afterany:ID or after:ID; may be repeated', repeated)
    .option('--array <range>', 'one job for each index: 0-31:2%4')
    .option('--retry <times>', 'try it again so often when it fails', wholeNumber(1))
    .option('--hold', 'wait until it is released')
    .option('--autoforget', 'forget it when it is over')
    .option('--wait', 'wait for its end, and exit as it did')
    .option('--terminal', 'give it a terminal, and stay there until it is over; Ctrl-] leaves it to itself')
    .action(submit);
  withExamples(
    command,
    'weir jobs submit sleep 60',
    'weir jobs submit --resources "CORES/2 RAM/500" --time-limit 1h -- make -j2',
    'weir jobs submit --shell "sort big.txt | uniq -c > counts.txt"',
    'weir jobs submit --after afterok:1138 ./report.sh',
    'weir jobs submit --terminal -- htop',
  );
}

async function submit(words: string[], options: SubmitOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const job = await withJobs(command, async (jobs) => {
    const job = await jobs.submit(submissionOf(words, options));
    if (options.terminal) process.exitCode = await attend(jobs, job.id, 'remote');
    else if (options.wait) process.exitCode = endings[await waitFor(jobs, [job.id])];
    return options.terminal || options.wait ? await jobs.get(job.id) : job;
  });
  if (options.terminal && output.form === 'table') return;
  if (output.form === 'table') output.line(job.id);
  else output.record(job);
}

function submissionOf(words: string[], options: SubmitOptions): Record<string, unknown> {
  const { shell, resources, priority, group, name, array, hold, autoforget, snapshot, env = [], retry, terminal } = options;
  const named = env.map((text) => [text.split('=', 1)[0], text.slice(text.indexOf('=') + 1)]);
  const variables = { ...(terminal && process.env.TERM !== undefined && { TERM: process.env.TERM }), ...Object.fromEntries(named) };
  const members = {
    command: shell ? words.join(' ') : words,
    shell,
    name,
    set: options.set,
    jobclass: options.class,
    resources,
    priority,
    group,
    array,
    hold,
    autoforget,
    snapshot,
    time_limit: options.timeLimit,
    directory: options.directory ?? process.cwd(),
    logfile: options.log,
    environment: snapshot ? { ...process.env, ...variables } : Object.keys(variables).length > 0 ? variables : undefined,
    interactive: terminal ? windowHere() : undefined,
    dependencies: options.after,
    retry: retry === undefined ? undefined : { max: retry },
    submit_host: hostname(),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

type ListOptions = { all?: boolean; user?: string; state?: string; name?: string; group?: string; set?: string; limit: number };

/** Adds `weir jobs list`. */
export function addList(jobs: Command): void {
  const command = jobs
    .command('list')
    .description('list your jobs, the latest first')
    .option('-a, --all', 'those of all users')
    .option('--user <name>', 'those of this user')
    .option('--state <states>', 'in one of these states, separated by commas')
    .option('--name <name>', 'of this name')
    .option('--group <group>', 'of this fair-share group')
    .option('--set <name>', 'of this set')
    .option('-n, --limit <count>', 'jobs to show at most', wholeNumber(1), 100)
    .action(async ({ all, limit, ...choice }: ListOptions, command: Command) => {
      const output = openOutput(command);
      const query = { ...choice, mine: !all && choice.user === undefined, sort: '-id' };
      const { items, total } = await withJobs(command, (jobs) => jobs.list(query, limit));
      if (output.form === 'table' && total === 0) return output.note('no jobs');
      printJobs(output, items);
      if (total > items.length) output.note(`${items.length} of ${total}; more with --limit`);
    });
  withExamples(command, 'weir jobs list', 'weir jobs list --all --state Running,Queued', 'weir jobs list --json');
}

/** Adds `weir jobs show`. */
export function addShow(jobs: Command): void {
  const command = jobs
    .command('show')
    .description('show a job')
    .argument('<id>', 'its id')
    .action(async (id: string, _options: unknown, command: Command) => {
      const output = openOutput(command);
      const job = await withJobs(command, (jobs) => jobs.get(id));
      output.record(job, () => linesOf(job));
    });
  withExamples(command, 'weir jobs show 1138');
}

function linesOf(job: ShownJob): [string, string][] {
  const lines: [string, string | number | undefined][] = [
    ['job', job.id],
    ['state', job.reason === '' ? job.state : `${job.state}: ${job.reason}`],
    ['command', job.command_line],
    ['user', job.user],
    ['group', job.group],
    ['name', job.name],
    ['set', job.set],
    ['class', job.jobclass],
    ['directory', job.directory],
    ['log', job.logfile],
    ['environment', job.environment],
    ['resources', job.resources],
    ['priority', job.priority],
    ['host', job.host],
    ['submitted', job.submitted],
    ['started', job.started],
    ['ended', job.ended],
    ['duration', job.duration_text],
    ['runs', job.runs],
    ['cpu', job.cpu_ms === undefined ? undefined : `${job.cpu_ms} ms`],
    ['memory', job.max_ram_mb === undefined ? undefined : `${job.max_ram_mb} MB`],
    ['depends on', job.dependencies?.join(', ')],
  ];
  return lines.filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => [name, String(value)]);
}

/** Adds `weir jobs logs`. */
export function addLogs(jobs: Command): void {
  const command = jobs
    .command('logs')
    .description('print what a job has printed')
    .argument('<id>', 'its id')
    .option('-f, --follow', 'go on until the job is over')
    .option('--tail <octets>', 'only the end', wholeNumber(0))
    .action(async (id: string, { follow, tail }: { follow?: boolean; tail?: number }, command: Command) => {
      await withJobs(command, (jobs) => printLog(jobs, id, follow === true, tail));
    });
  withExamples(command, 'weir jobs logs 1138', 'weir jobs logs -f 1138');
}

/** Adds `weir jobs stop`, `hold`, `release`, `suspend`, `resume`, `rerun` and `forget`. */
export function addControls(jobs: Command): void {
  const control = (name: string, description: string, action = name) => {
    const command = jobs
      .command(name)
      .description(description)
      .argument('<id...>', 'ids of jobs')
      .action(async (ids: string[], options: { force?: boolean }, command: Command) => {
        const output = openOutput(command);
        await withJobs(command, async (jobs) => {
          for (const id of ids) {
            const job = await jobs.act(id, options.force ? 'kill' : action);
            output.line(`${job.id} ${job.state}${job.reason === '' ? '' : `: ${job.reason}`}`);
          }
        });
      });
    withExamples(command, `weir jobs ${name} 1138`);
    return command;
  };
  control('stop', 'end jobs').addOption(new Option('-f, --force', 'at once, by KILL'));
  control('hold', 'take jobs out of the queue');
  control('release', 'put jobs into the queue');
  control('suspend', 'stop the processes of jobs');
  control('resume', 'let the processes of jobs go on');
  control('rerun', 'run jobs that are over again, under their ids');
  const forget = jobs
    .command('forget')
    .description('forget jobs that are over')
    .argument('<id...>', 'ids of jobs')
    .option('--logs', 'remove their logs as well')
    .action(async (ids: string[], { logs }: { logs?: boolean }, command: Command) => {
      await withJobs(command, async (jobs) => {
        for (const id of ids) await jobs.forget(id, logs === true);
      });
    });
  withExamples(forget, 'weir jobs forget 1138', 'weir jobs forget --logs 1138 1139');
}

/** Adds `weir jobs attach`. */
export function addAttach(jobs: Command): void {
  const command = jobs
    .command('attach')
    .description('stay at the terminal of a job until it is over, and exit as it did; Ctrl-] leaves it to itself')
    .argument('<id>', 'its id')
    .action(async (id: string, _options: unknown, command: Command) => {
      process.exitCode = await withJobs(command, (jobs) => attend(jobs, id, 'remote'));
    });
  withExamples(command, 'weir jobs attach 1138');
}

/** Adds `weir jobs wait`. */
export function addWait(jobs: Command): void {
  const command = jobs
    .command('wait')
    .description('wait until jobs are over; exit code 0 all done, 1 one failed, 2 the time was up, 3 not known')
    .argument('<id...>', 'ids of jobs')
    .option('-t, --timeout <time>', 'at most so long: 90s, 3h30m', readTime)
    .action(async (ids: string[], { timeout }: { timeout?: number }, command: Command) => {
      process.exitCode = endings[await withJobs(command, (jobs) => waitFor(jobs, ids, timeout))];
    });
  withExamples(command, 'weir jobs wait 1138 1139', 'weir jobs wait --timeout 10m 1138');
}

function readTime(text: string): number {
  const seconds = readTimeSpec(text);
  if (seconds === undefined) throw new InvalidArgumentError('Expected a time such as 90s or 3h30m.');
  return seconds;
}
