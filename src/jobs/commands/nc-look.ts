/** `nc info`, `nc list` and `nc jobclass`. */
import { cutTo, makeVisible } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import { readId } from '../job-id.ts';
import type { ShownJob, VovRows } from '../remote.ts';
import { has, lastOf, type Parsed, parseMixed } from './flags.ts';
import { printClass, printClasses, printJobs } from './look.ts';
import type { NcContext } from './nc-context.ts';
import { printLog } from './print-log.ts';

/** `nc info [-l] [-e] ID…`: six lines a job, an empty one between; `-l` shows the log, `-e` the environment. */
export async function infoNc({ jobs, output }: NcContext, words: readonly string[]): Promise<number> {
  const parsed = parseMixed(words, { '-l': 'alone', '-e': 'alone' }, 'nc info');
  for (const [at, id] of idsOf(parsed.rest, 'nc info').entries()) {
    if (at > 0) process.stdout.write('\n');
    const rows = await jobs.rows(id);
    if (output.form === 'json') output.json(objectOf(rows));
    else process.stdout.write(`${infoLines(rows).map(makeVisible).join('\n')}\n`);
    if (has(parsed, '-e')) {
      const variables = Object.entries(await jobs.environment(id)).map(([name, value]) => makeVisible(`${name}=${value}`));
      process.stdout.write(`${variables.join('\n')}\n`);
    }
    if (has(parsed, '-l')) await printLog(jobs, id, false);
  }
  return 0;
}

/** `nc list [-a] [-u USER] [-s STATUS] [-O FORMAT] [--json]`: one's own jobs, or those of all with `-a`. */
export async function listNc({ jobs, output }: NcContext, words: readonly string[]): Promise<number> {
  const flags = { '-a': 'alone', '-u': 'value', '-s': 'value', '-set': 'value', '-O': 'value', '--json': 'alone' } as const;
  const parsed = parseMixed(words, flags, 'nc list');
  if (parsed.rest[0] !== undefined) throw new Problem('invalid', `nc list takes no ${parsed.rest[0]}.`, { hint: 'weir nc info ID' });
  const user = lastOf(parsed, '-u');
  const state = lastOf(parsed, '-s');
  const set = lastOf(parsed, '-set');
  const mine = !has(parsed, '-a') && user === undefined;
  const { items } = await jobs.list({ mine, set, ...(user !== undefined && { user }), ...(state !== undefined && { state }) });
  const format = lastOf(parsed, '-O');
  if (has(parsed, '--json')) output.json(items);
  else if (format !== undefined) for (const job of items) process.stdout.write(`${formatted(job, format)}\n`);
  else if (output.form !== 'table' || items.length > 0) printJobs(output, items);
  return 0;
}

/** `nc jobclass [NAME]`: the classes, a line each; or what one of them presets. */
export async function jobclassNc({ jobs, output }: NcContext, words: readonly string[]): Promise<number> {
  const [name, ...more] = parseMixed(words, {}, 'nc jobclass').rest;
  if (more.length > 0) throw new Problem('invalid', 'nc jobclass takes one name.', { hint: 'weir nc jobclass' });
  if (name === undefined) printClasses(output, await jobs.classes());
  else printClass(output, await jobs.class(name));
  return 0;
}

/** The jobs that a command names: ids as they were typed, and those of a set with `-set`; at least one. */
export async function jobsOf({ jobs }: NcContext, parsed: Parsed, command: string): Promise<string[]> {
  const set = lastOf(parsed, '-set');
  if (set === undefined) return idsOf(parsed.rest, command);
  const { items } = await jobs.list({ set });
  if (items.length === 0) throw new Problem('not-found', `There is no set ${set}.`, { hint: 'weir jobs sets' });
  const ids = items.filter(({ parent }) => parent === undefined).map(({ id }) => id);
  return parsed.rest.length === 0 ? ids : [...ids, ...idsOf(parsed.rest, command)];
}

/** Ids of jobs as they were typed; at least one. */
export function idsOf(words: readonly string[], command: string): string[] {
  if (words.length === 0) throw new Problem('invalid', `${command} needs the id of a job.`, { hint: 'weir nc list' });
  for (const word of words) readId(word);
  return [...words];
}

const objectOf = ({ columns, rows }: VovRows): Record<string, string | number> =>
  Object.fromEntries(columns.map(({ field }, at) => [field, rows[0]?.[at] ?? '']));

function infoLines(rows: VovRows): string[] {
  const job = objectOf(rows);
  const line = (label: string, value: string | number | undefined) => `${label.padEnd(16)}${value ?? ''}`.trimEnd();
  return [
    line('Job', job.ID),
    line('User,Group', `${job.USER},${job.GROUP}`),
    line('Command', job.COMMAND),
    line('Status', job.STATUSNC),
    line('   Host', job.HOST),
    line('   Duration', job.DURATIONPP),
  ];
}

/** `@ID@ @STATUS:12@ @COMMAND:40@`: names of members, upper or lower case, perhaps with a width. */
function formatted(job: ShownJob, format: string): string {
  const line = format.replace(/@([A-Za-z_]+)(?::(\d{1,4}))?@/g, (_whole, name: string, width?: string) => {
    const value = makeVisible(String((job as Record<string, unknown>)[shortNames[name.toUpperCase()] ?? name.toLowerCase()] ?? ''));
    return width === undefined ? value : cutTo(value, Number(width)).padEnd(Number(width));
  });
  return line.trimEnd();
}

const shortNames: Record<string, string> = {
  STATUS: 'state',
  STATUSNC: 'state',
  COMMAND: 'command_line',
  JOBNAME: 'name',
  DURATIONPP: 'duration_text',
};
