/** `weir jobs class …` and `weir jobs sets`. */
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { printClass, printClasses, printSets } from './look.ts';
import { withJobs } from './port.ts';

/** Adds `weir jobs class list`, `show`, `set` and `remove`. */
export function addClasses(jobs: Command): void {
  const group = jobs.command('class').description('list, show, make and remove job classes: presets of submissions');
  const list = group
    .command('list')
    .description('list the job classes')
    .action(async (_options: unknown, command: Command) => {
      printClasses(openOutput(command), await withJobs(command, (jobs) => jobs.classes()));
    });
  const show = group
    .command('show')
    .description('show what a job class presets')
    .argument('<name>', 'its name')
    .action(async (name: string, _options: unknown, command: Command) => {
      printClass(openOutput(command), await withJobs(command, (jobs) => jobs.class(name)));
    });
  const set = group
    .command('set')
    .description('make or replace a job class; needs the role admin')
    .argument('<name>', 'its name')
    .argument('[member=value...]', 'what it presets: members of a submission; a value that reads as JSON is that, any other a text')
    .option('--description <text>', 'a line for people')
    .action(async (name: string, pairs: string[], { description }: { description?: string }, command: Command) => {
      const body = { ...(description !== undefined && { description }), members: Object.fromEntries(pairs.map(readPair)) };
      printClass(openOutput(command), await withJobs(command, (jobs) => jobs.setClass(name, body)));
    });
  const remove = group
    .command('remove')
    .description('remove a job class; jobs that were submitted by it stay as they are')
    .argument('<name>', 'its name')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withJobs(command, (jobs) => jobs.removeClass(name));
    });
  withExamples(group, 'weir jobs class list', 'weir jobs class set short time_limit=10m priority=high');
  withExamples(list, 'weir jobs class list');
  withExamples(show, 'weir jobs class show short');
  withExamples(set, 'weir jobs class set short --description "small and soon" time_limit=10m "resources=CORES/1 RAM/500"');
  withExamples(remove, 'weir jobs class remove short');
}

/** Adds `weir jobs sets`. */
export function addSets(jobs: Command): void {
  const command = jobs
    .command('sets')
    .description('list the sets of jobs, with how many are in which state')
    .action(async (_options: unknown, command: Command) => {
      printSets(openOutput(command), await withJobs(command, (jobs) => jobs.sets()));
    });
  withExamples(command, 'weir jobs sets');
}

function readPair(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem('invalid', 'A preset is MEMBER=VALUE.', { detail: `got ${text}` });
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value) as unknown];
  } catch {
    return [text.slice(0, at), value];
  }
}
