/** `weir submit --batch`: runs a file once, with a process of its own, and prints its log as it comes. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Output } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { LivyBatch, LivyClient } from '../remote.ts';

/** What is run: `kind` where somebody named one; `args` are the words of its command line. */
export type BatchJob = { file: string; kind: string | undefined; conf: Record<string, string>; args: readonly string[] };

const firstWaitMs = 50;
const longestWaitMs = 1000;
const linesAtOnce = 1000;

/** Answers the exit code: 0 when it went well, 1 when it failed, 3 when somebody else ended it. */
export async function runBatch(sessions: LivyClient, job: BatchJob, output: Output): Promise<number> {
  const batch = await create(sessions, job);
  output.note(`batch ${batch.id}`);
  const { state } = await follow(sessions, batch.id);
  if (state === 'success') return 0;
  process.stderr.write(`batch ${batch.id} is ${state}\n`);
  return state === 'killed' ? 3 : 1;
}

/** A Weir is sent the file; to another Livy it has to be a path or an address that means something there. */
async function create(sessions: LivyClient, { file, kind, conf, args }: BatchJob): Promise<LivyBatch> {
  if (!sessions.isWeir) return await sessions.createBatch({ file, args, conf });
  const stem = basename(file, extname(file)).replace(/\W+/g, '_');
  const name = `${stem}-${randomBytes(4).toString('hex')}${extname(file)}`;
  await sessions.upload(name, read(file));
  try {
    return await sessions.createBatch({
      file: `upload:${name}`,
      args,
      conf: { ...conf, ...(kind !== undefined && { 'weir.kind': kind }) },
    });
  } finally {
    // The batch has its own by now.
    await sessions.removeUpload(name).catch(() => {});
  }
}

async function follow(sessions: LivyClient, id: number): Promise<LivyBatch> {
  let next = 0;
  for (let wait = firstWaitMs; ; wait = Math.min(longestWaitMs, wait * 1.3)) {
    // Asked before its log, so that the end of the log is seen, too.
    const batch = await sessions.batch(id);
    for (;;) {
      const { from, log } = await sessions.batchLog(id, next, linesAtOnce);
      for (const line of log) process.stdout.write(`${line}\n`);
      next = from + log.length;
      if (log.length < linesAtOnce) break;
      wait = firstWaitMs;
    }
    if (batch.state !== 'starting' && batch.state !== 'running' && batch.state !== 'not_started') return batch;
    await pause(wait);
  }
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Problem('invalid', `The job ${file} cannot be read.`, { detail: (cause as Error).message, cause });
  }
}
