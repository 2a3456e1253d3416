/** `weir submit job.py --name value …`: runs a file in a session, and exits as it did. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { complain } from '../../cli/complaint.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { LivyClient } from '../remote.ts';
import { findOrMake, useSession } from './acquire.ts';
import { assignmentsOf } from './arguments.ts';
import { follow } from './follow.ts';
import { withSessions } from './port.ts';
import { Result } from './result.ts';

type Options = { session?: string; kind: string; conf?: string[]; keep?: boolean; livy?: string };

const repeated = (text: string, all: string[] = []): string[] => [...all, text];

/** Adds `weir submit`. */
export function addSubmit(program: Command): void {
  const command = program
    .command('submit')
    .description('run a file of Python or SQL in a session; --name value become variables')
    .argument('<file>', 'the job: .py, or .sql')
    .argument('[arguments...]', '--NAME VALUE: variables of the job; put -- before those that are named as an option here')
    .option('--session <id>', 'in this session (its id, or its name)')
    .option('--kind <kind>', 'the kind of session to find or make: python, pyspark, sql', 'pyspark')
    .option('--conf <name=value>', 'a property of Spark for a session of its own; may be repeated', repeated)
    .option('--keep', 'do not end the session that was made for it')
    .option('--livy <url>', 'on this Livy server, which need not be a Weir')
    .allowUnknownOption()
    .action(submit);
  withExamples(
    command,
    'weir submit job.py',
    'weir submit report.py --day 2017-03-01 --limit 50',
    'weir submit --kind python --session notes job.py',
    'weir submit --livy http://spark.example.net:8998 job.py',
  );
}

async function submit(file: string, words: string[], options: Options, command: Command): Promise<void> {
  const output = openOutput(command);
  const code = readJob(file);
  const assignments = assignmentsOf(words);
  const conf = confOf(options.conf ?? []);
  try {
    process.exitCode = await withSessions(command, (sessions) => run(sessions, { code, assignments, conf, options, output }), options.livy);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
    process.stderr.write(`${complain(error).lines.join('\n')}\n`);
    process.exitCode = 3;
  }
}

type Run = { code: string; assignments: string; conf: Record<string, string>; options: Options; output: Output };

async function run(sessions: LivyClient, { code, assignments, conf, options, output }: Run): Promise<number> {
  const { session: word, kind, keep } = options;
  const { session, isOurs } = word === undefined ? await findOrMake(sessions, { kind, conf }) : await useSession(sessions, word);
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
    if (isOurs && keep !== true) await sessions.remove(session.id).catch(() => {});
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
