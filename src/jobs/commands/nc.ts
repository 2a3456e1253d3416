/** `weir nc …`: Accelerator's command in its own spelling. Its flags have one dash and many letters, so they are read here. */
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { nearest } from '../../core/nearest.ts';
import { Problem } from '../../core/problem.ts';
import { lastOf, parseFlags } from './flags.ts';
import type { NcContext } from './nc-context.ts';
import { cleanNc, cmdNc, forgetNc, rerunNc, stopNc, waitNc } from './nc-control.ts';
import { infoNc, jobclassNc, listNc } from './nc-look.ts';
import { runNc } from './nc-run.ts';
import { serverOf, withJobs } from './port.ts';

/** One command: answers the exit code. */
type NcCommand = (context: NcContext, words: readonly string[]) => Promise<number>;

const commands: Record<string, NcCommand> = {
  run: runNc,
  info: infoNc,
  list: listNc,
  stop: stopNc,
  forget: forgetNc,
  wait: waitNc,
  rerun: rerunNc,
  clean: cleanNc,
  jobclass: jobclassNc,
  cmd: cmdNc,
};

const help = `
Commands:
  run [flags] command…             submit a job: -v N  -l FILE  -w  -wl  -e SNAPSHOT|DEFAULT|BASE  -ep  -p PRIO  -r RESOURCES  -C CLASS  -g GROUP
                                   -G GROUP  -J NAME  -kill T  -X T  -D  -P N=V  -set NAME  -F  -i FILE  -o FILE
                                   -preemptable 0|1  -autoforget  -wrapper vw  --
                                   -I (a terminal; Ctrl-] leaves it), -Ir the same, -Il where Ctrl-C stops the job, -Ix windows on DISPLAY
  info [-l] [-e] ID…               show jobs; -l with their logs, -e with their variables
  list [-a] [-u USER] [-s STATUS] [-set NAME] [-O FORMAT] [--json]
                                   list your jobs, or those of all
  stop [-f] [-set NAME] ID…
                                   end jobs; -f at once
  forget [-logs] [-set NAME] ID…
                                   forget jobs that are over
  wait [-l] [-t T] [-set NAME] ID…
                                   wait until all are over: exit code 0 all done, 1 one failed, 2 the time was up, 3 not known
  rerun [-p incr|decr|same] ID…    run jobs again under their ids
  jobclass [NAME]                  list the job classes, or show what one presets
  clean [-n]                       remove logs of this directory that no job has
  cmd vovbrowser [-url PATH]       print the address of the queue

Environment: NC_URL (the server, unless --server is given), NC_RUN_ARGS (flags put before those of run), VOV_ENV (instead of -e)`;

/** Adds `weir nc`. */
export function addNc(program: Command): void {
  const command = program
    .command('nc')
    .description("run and watch jobs in Accelerator's spelling")
    .argument('[words...]', 'a command and what belongs to it')
    .allowUnknownOption()
    .helpOption(false)
    .addHelpText('after', help)
    .action(async (_words: string[], _options: unknown, command: Command) => {
      process.exitCode = await nc(command, command.args);
    });
  withExamples(
    command,
    'weir nc run -v 2 sleep 123',
    'weir nc run -r CORES/2 -kill 1h make',
    'weir nc info 000001138',
    'weir nc wait 000001138',
  );
}

async function nc(command: Command, words: readonly string[]): Promise<number> {
  const parsed = parseFlags(words, { '-q': 'value', '-h': 'alone', '--help': 'alone' }, 'nc');
  const [name, ...rest] = parsed.rest;
  if (name === undefined || name === 'help' || parsed.flags.some(([flag]) => flag !== '-q')) {
    process.stdout.write(`${command.helpInformation()}${help}\n`);
    return name === undefined && parsed.flags.length === 0 ? 2 : 0;
  }
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (run === undefined) {
    const likely = nearest(name, Object.keys(commands));
    throw new Problem('invalid', `nc has no command ${name}.`, {
      hint: likely === undefined ? 'weir nc help' : `did you mean weir nc ${likely}?`,
    });
  }
  const queue = lastOf(parsed, '-q') ?? process.env.NC_QUEUE ?? 'weir';
  if (queue !== 'weir')
    throw new Problem('not-found', `There is no queue ${queue}; this server has one, weir.`, { hint: '--server for another one' });
  const server = serverOf(command);
  return await withJobs(command, (jobs) => run({ jobs, output: openOutput(command), server }, rest), server);
}
