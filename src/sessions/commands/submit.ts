/** `weir submit job.py --name value …`: runs a file in a session, and exits as it did. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { complain } from '../../cli/complaint.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { LivyClient } from '../remote.ts';
import { type Acquired, findOrMake, useSession } from './acquire.ts';
import { assignmentsOf } from './arguments.ts';
import { runBatch } from './batch.ts';
import { follow } from './follow.ts';
import { withSessions } from './port.ts';
import { Result } from './result.ts';

type Options = { session?: string; kind?: string; conf?: string[]; keep?: boolean; batch?: boolean; livy?: string };

const repeated = (text: string, all: string[] = []): string[] => [...all, text];

/** Adds `weir submit`. */
export function addSubmit(program: Command): void {
  const command = program
    .command('submit')
    .description('run a file of Python or SQL in a session; --name value become variables. With --batch: in a process of its own')
    .argument('<file>', 'the job: .py, or .sql')
    .argument('[arguments...]', '--NAME VALUE: variables of the job; put -- before those that are named as an option here')
    .option('--session <id>', 'in this session (its id, or its name)')
    .option('--kind <kind>', 'the kind of session to find or make: python, pyspark, sql; pyspark when not said, for .sql sql')
    .option('--conf <name=value>', 'a property of Spark for a session of its own; may be repeated', repeated)
    .option('--keep', 'do not end the session that was made for it')
    .option('--batch', 'as a batch: the arguments are those of its command line, and its log is printed')
    .option('--livy <url>', 'on this Livy server, which need not be a Weir')
    .allowUnknownOption()
    .action(submit);
  withExamples(
    command,
    'weir submit job.py',
    'weir submit report.py --day 2017-03-01 --limit 50',
    'weir submit --kind python --session notes job.py',
    'weir submit --batch nightly.py --day 2017-03-01',
    'weir submit --livy http://spark.example.net:8998 job.py',
  );
}

async function submit(file: string, words: string[], options: Options, command: Command): Promise<void> {
  const output = openOutput(command);
  const conf = confOf(options.conf ?? []);
  const work = options.batch ? batchOf(file, words, conf, options) : jobOf(file, words, conf, options);
  try {
    process.exitCode = await withSessions(command, (sessions) => work(sessions, output), options.livy);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
    process.stderr.write(`${complain(error).lines.join('\n')}\n`);
    process.exitCode = 3;
  }
}

/** What is done on a server; answers the exit code. */
type Work = (sessions: LivyClient, output: Output) => Promise<number>;
type Conf = Record<string, string>;

function batchOf(file: string, args: readonly string[], conf: Conf, { kind, session, keep }: Options): Work {
  if (session !== undefined || keep) throw new Problem('invalid', '--batch takes neither --session nor --keep: a batch has no session.');
  return (sessions, output) => runBatch(sessions, { file, kind, conf, args }, output);
}

function jobOf(file: string, words: readonly string[], conf: Conf, options: Options): Work {
  const code = readJob(file);
  const assignments = assignmentsOf(words);
  return async (sessions, output) => {
    const { session, isOurs } = await acquire(sessions, file, conf, options);
    output.note(`session ${session.id}${isOurs ? '' : ' (it was there)'}`);
    try {
      if (assignments !== '') {
        // A statement of its own, so that the lines of the job keep their numbers.
        const { id } = await sessions.post(session.id, assignments);
        const made = await follow(sessions, session.id, id, { printed: () => {}, progress: () => {} });
        if (made.output?.status !== 'ok') return new Result(output).end(made);
      }
      const { id } = await sessions.post(session.id, code);
      const result = new Result(output);
      return result.end(await follow(sessions, session.id, id, result));
    } finally {
      if (isOurs && options.keep !== true) await sessions.remove(session.id).catch(() => {});
    }
  };
}

async function acquire(sessions: LivyClient, file: string, conf: Conf, { session, kind }: Options): Promise<Acquired> {
  if (session !== undefined) return await useSession(sessions, session);
  const isSql = extname(file) === '.sql';
  try {
    return await findOrMake(sessions, { kind: kind ?? (isSql ? 'sql' : 'pyspark'), conf });
  } catch (error) {
    const lacksSpark = error instanceof Problem && /PySpark is not installed|Spark needs Java/.test(error.title);
    if (!lacksSpark || kind !== undefined || isSql) throw error;
    throw new Problem(error.code, error.title, { hint: `a job that needs no Spark: weir submit --kind python ${file}`, cause: error });
  }
}

function readJob(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Problem('invalid', `The job ${file} cannot be read.`, { detail: (cause as Error).message, cause });
  }
}

function confOf(lines: readonly string[]): Record<string, string> {
  const conf: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf('=');
    if (at < 1) throw new Problem('invalid', '--conf takes NAME=VALUE.', { detail: `got ${line}` });
    conf[line.slice(0, at)] = line.slice(at + 1);
  }
  return conf;
}
