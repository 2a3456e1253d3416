/** Two servers on one key tree, of which one goes away with jobs that run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../src/core/caller.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLog } from '../../src/core/log.ts';
import { processesOf } from '../../src/jobs/backend-conformance.ts';
import { Jobs, type JobsConfig, jobsSettings } from '../../src/jobs/index.ts';
import type { Job } from '../../src/jobs/job.ts';
import { MemoryEngine, Tree } from '../../src/keys/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-lost-'));
const engine = new MemoryEngine();
const caller: Caller = { name: 'ann', role: 'operator', proof: 'open' };
const log = createLog({ level: 'silent' });
const running: Jobs[] = [];

beforeAll(() => engine.start());
afterAll(async () => {
  for (const jobs of running) await jobs.stop();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function serve(name: string, cores: number): Promise<Jobs> {
  const config = { ...(Value.Create(jobsSettings) as JobsConfig), cores, lostAfter: 1000, grace: 200 };
  const tree = new Tree(engine, 'system');
  const jobs = new Jobs(config, { tree, dataFolder: join(folder, name), clock: systemClock, log, isLoopback: true });
  await jobs.start();
  running.push(jobs);
  return jobs;
}

/** Waits until a job is as wanted, by what its server hears of it. */
const until = (jobs: Jobs, id: number, isSo: (job: Job) => boolean): Promise<Job> =>
  new Promise((resolve) => {
    const look = () => {
      const job = jobs.get(id);
      if (isSo(job)) resolve(job);
      return isSo(job);
    };
    if (look()) return;
    const end = jobs.queue.onChange(id, () => look() && end());
  });

test('jobs of a server that never returns are lost, or tried again by the others; should it return, it ends them', async () => {
  const gone = await serve('gone', 2);
  const once = await gone.submit({ command: ['sleep', '600'], directory: folder }, caller);
  const again = await gone.submit({ command: ['sleep', '600'], directory: folder, retry: { max: 1 } }, caller);
  for (const { id } of [once, again]) await until(gone, id, ({ state, run }) => state === 'Running' && run === 1);
  await gone.stop(); // lets go of its runs, and says no more
  running.length = 0;

  const other = await serve('other', 1);
  expect(other.get(once.id).state).toBe('Running');
  const lost = await until(other, once.id, ({ state }) => state === 'Failed');
  expect(lost.outcome).toMatchObject({ cause: 'lost', note: expect.stringContaining('has not been heard of') });
  const second = await until(other, again.id, ({ state, run }) => state === 'Running' && run === 2);
  expect(second.past).toMatchObject([{ run: 1, cause: 'lost' }]);

  const name = (id: number, run: number) => `${String(id).padStart(9, '0')}.${run}`;
  await serve('gone', 2);
  for (const { id } of [once, again]) {
    while (processesOf(name(id, 1), folder) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(other.get(again.id)).toMatchObject({ state: 'Running', run: 2 });
  await other.act(again.id, 'kill', caller);
  await until(other, again.id, ({ state }) => state === 'Failed');
});
