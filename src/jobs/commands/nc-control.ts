/** `nc stop`, `nc forget`, `nc rerun`, `nc wait`, `nc clean`, `nc cmd`. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeVisible } from '../../cli/table.ts';
import { Problem } from '../../core/problem.ts';
import { readTimeSpec } from '../duration.ts';
import { formatId } from '../job-id.ts';
import { has, lastOf, parseMixed } from './flags.ts';
import type { NcContext } from './nc-context.ts';
import { idsOf, jobsOf } from './nc-look.ts';
import { printLog } from './print-log.ts';
import { endings, waitFor } from './wait.ts';

/** `nc stop [-f] ID…`: queued ones are taken out, running ones ended (TERM, then KILL; `-f`: KILL). Exit code 1 if any failed. */
export async function stopNc(context: NcContext, words: readonly string[]): Promise<number> {
  const parsed = parseMixed(words, { '-f': 'alone', '-set': 'value' }, 'nc stop');
  const action = has(parsed, '-f') ? 'kill' : 'stop';
  return await eachOf(context, await jobsOf(context, parsed, 'nc stop'), async (id) => {
    const { state, started } = await context.jobs.act(id, action);
    return state === 'Failed' && started === undefined ? 'is taken out of the queue' : 'is being stopped';
  });
}

/** `nc forget [-logs] ID…`: only jobs that are over; the log stays unless `-logs` is given. */
export async function forgetNc(context: NcContext, words: readonly string[]): Promise<number> {
  const parsed = parseMixed(words, { '-logs': 'alone', '-set': 'value' }, 'nc forget');
  return await eachOf(context, await jobsOf(context, parsed, 'nc forget'), async (id) => {
    await context.jobs.forget(id, has(parsed, '-logs'));
    return 'is forgotten';
  });
}

/** `nc rerun [-p incr|decr|same] ID…`: the same id once more, with a priority one higher, one lower, or the same. */
export async function rerunNc(context: NcContext, words: readonly string[]): Promise<number> {
  const parsed = parseMixed(words, { '-p': 'value' }, 'nc rerun');
  const change = lastOf(parsed, '-p') ?? 'same';
  const steps: Record<string, number> = { incr: 1, decr: -1, same: 0 };
  const step = steps[change];
  if (step === undefined) throw new Problem('invalid', '-p takes incr, decr or same.', { detail: `got ${change}`, pointer: '-p' });
  return await eachOf(context, idsOf(parsed.rest, 'nc rerun'), async (id) => {
    const { priority } = await context.jobs.get(id);
    await context.jobs.act(id, 'rerun', { priority: Math.min(15, Math.max(1, priority + step)) });
    return 'is queued again';
  });
}

/** `nc wait [-l] [-t T] ID…`: 0 all done, 1 one failed, 2 the time was up, 3 a job is not known. `-l` shows the log of the first. */
export async function waitNc(context: NcContext, words: readonly string[]): Promise<number> {
  const { jobs } = context;
  const parsed = parseMixed(words, { '-l': 'alone', '-t': 'value', '-set': 'value' }, 'nc wait');
  const ids = await jobsOf(context, parsed, 'nc wait');
  const text = lastOf(parsed, '-t');
  const seconds = text === undefined ? undefined : readTimeSpec(text);
  if (text !== undefined && seconds === undefined)
    throw new Problem('invalid', '-t takes a time such as 90s or 3h30m.', { detail: `got ${text}`, pointer: '-t' });
  const waiting = waitFor(jobs, ids, seconds);
  if (has(parsed, '-l')) await Promise.race([waiting, printLog(jobs, ids[0] as string, true)]);
  return endings[await waiting];
}

/** `nc clean [-n]`: removes the logs below `vnc_logs` of this directory that no known job has; `-n` only names them. */
export async function cleanNc({ jobs }: NcContext, words: readonly string[]): Promise<number> {
  const parsed = parseMixed(words, { '-n': 'alone' }, 'nc clean');
  const directory = process.cwd();
  const folder = join(directory, 'vnc_logs');
  const days = await readdir(folder).catch(() => []);
  // First what is there, then who is known: a log that comes meanwhile is not among the first.
  const found: string[] = [];
  for (const day of days.filter((name) => /^\d{8}$/.test(name)))
    for (const name of await readdir(join(folder, day))) if (/^\d{6}\.\d+$/.test(name)) found.push(join(day, name));
  const { items } = await jobs.list({});
  const known = new Set(items.filter((job) => job.directory === directory).map((job) => job.logfile));
  for (const name of found.filter((name) => !known.has(join('vnc_logs', name)))) {
    process.stdout.write(`${join('vnc_logs', name)}\n`);
    if (!has(parsed, '-n')) await rm(join(folder, name), { force: true });
  }
  // Days that are empty now go as well; others stay by themselves.
  if (!has(parsed, '-n')) for (const day of new Set(found.map((name) => name.slice(0, 8)))) await rmdir(join(folder, day)).catch(() => {});
  return 0;
}

/** `nc cmd vovbrowser [-url PATH]`: the address of the queue, for `NC_URL`. */
export async function cmdNc({ server }: NcContext, words: readonly string[]): Promise<number> {
  const [tool, ...rest] = words;
  if (tool !== 'vovbrowser')
    throw new Problem('invalid', `nc cmd knows vovbrowser only.`, { detail: `got ${tool ?? 'nothing'}`, hint: 'weir nc cmd vovbrowser' });
  const path = lastOf(parseMixed(rest, { '-url': 'value' }, 'nc cmd vovbrowser'), '-url') ?? '';
  const base = (/^[a-z]+:/i.test(server) ? server : `http://${server}`).replace(/\/$/, '');
  process.stdout.write(`${base}${path === '' || path.startsWith('/') ? path : `/${path}`}\n`);
  return 0;
}

/** Does something to each job, and says for each how it went. Exit code 1 if any failed. */
async function eachOf({ output }: NcContext, ids: readonly string[], work: (id: string) => Promise<string>): Promise<number> {
  let code = 0;
  for (const id of ids) {
    try {
      const done = await work(id);
      output.line(`Job <${formatId(Number(id))}> ${done}`);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'unavailable' || error.code === 'unauthenticated') throw error;
      process.stderr.write(`Job <${formatId(Number(id))}>: ${makeVisible(error.title)}\n`);
      code = 1;
    }
  }
  return code;
}
