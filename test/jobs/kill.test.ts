/** Servers and wrappers are killed at random moments; nothing that was acknowledged is lost, and nothing runs twice. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { House, pause, type Shown } from './house.ts';

const seed = Number(process.env.WEIR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const rounds = Number(process.env.WEIR_ROUNDS ?? 8);

/** Numbers from 0 to 1 that only the seed decides (mulberry32). */
function randomOf(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const house = new House(['jobs.cores=6']);
afterAll(() => house.close());

test(`nothing is lost and nothing runs twice (WEIR_SEED=${seed})`, { timeout: 180_000 }, async () => {
  const random = randomOf(seed);
  const journal = join(house.folder, 'journal');
  writeFileSync(journal, '');
  const acknowledged: { id: string; mayRetry: boolean }[] = [];
  const stopped = new Set<string>();
  const wrappersKilled: string[] = [];
  await house.start();
  for (let round = 0; round < rounds; round++) {
    const kind = random() < 0.4 ? 'server' : random() < 0.5 ? 'wrapper' : 'both';
    const delay = 20 + random() * 600;
    const isOver = pause(delay).then(async () => {
      if (kind !== 'server') wrappersKilled.push(...killWrapper(random));
      if (kind !== 'wrapper') await house.end('SIGKILL');
    });
    const submitting = submitAll(random);
    await isOver;
    await submitting;
    if (kind !== 'wrapper') {
      if (random() < 0.3) await pause(random() * 400);
      await house.start();
    }
  }

  const jobs = new Map<string, Shown>();
  for (const { id } of acknowledged) jobs.set(id, await house.until(id, 'Done', 'Failed'));
  const lines = readFileSync(journal, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  for (const { id, mayRetry } of acknowledged) {
    const job = jobs.get(id) as Shown;
    const starts = lines.filter((line) => line.startsWith(`start ${id}.`));
    const ends = lines.filter((line) => line.startsWith(`end ${id}.`));
    const story = `job ${id} ${job.state} ${job.cause} (${job.reason}), ${job.runs} runs: ${[...starts, ...ends].join(', ')}`;
    // A run by its name starts once, whatever was killed.
    expect(new Set(starts).size, story).toBe(starts.length);
    if (!mayRetry) expect(starts.length, story).toBeLessThanOrEqual(1);
    // One that is tried again may have been killed behind its last line, before its wrapper could write that down.
    if (job.state === 'Done') expect(ends.filter((line) => line === `end ${id}.${job.runs}`).length, story).toBe(1);
    else if (job.cause === 'lost')
      expect(
        wrappersKilled.some((name) => name.startsWith(`${id}.`)),
        story,
      ).toBe(true);
    else expect(job.cause === 'stopped' && stopped.has(id), story).toBe(true);
  }
  // Each acknowledged job is there, and nobody was told of the others.
  const { body } = await house.ask<{ total: number; items: Shown[] }>('GET', '/api/v1/jobs?per_page=1000');
  expect(new Set(body.items.map(({ id }) => id)).size).toBe(body.total);
  expect(acknowledged.length).toBeGreaterThan(rounds);
  // What a server left behind that was killed between the end of a run and its last word about it.
  await house.end('SIGTERM');
  await house.start();
  expect(readdirSync(join(house.folder, 'data', 'jobs', 'runs'))).toEqual([]);

  async function submitAll(random: () => number): Promise<void> {
    for (let i = 0; i < 12; i++) {
      const mayRetry = random() < 0.3;
      const nap = (random() * 0.5).toFixed(2);
      const command = `echo start $WEIR_RUN >> ${journal}; sleep ${nap}; echo end $WEIR_RUN >> ${journal}`;
      try {
        const { id } = await house.submit({ command, shell: true, ...(mayRetry && { retry: { max: 5 } }) });
        acknowledged.push({ id, mayRetry });
        if (random() < 0.1) {
          stopped.add(id);
          await house.ask('POST', `/api/v1/jobs/${id}/stop`);
        }
      } catch {
        return; // the server is gone, and nobody was promised anything
      }
      await pause(random() * 40);
    }
  }
});

/** Kills one of the wrappers that live now, chosen at random; answers the run that it had. */
function killWrapper(random: () => number): string[] {
  const folder = join(house.folder, 'data', 'jobs', 'runs');
  const names = readdirSync(folder).filter((file) => file.endsWith('.start'));
  const file = names[Math.floor(random() * names.length)];
  if (file === undefined) return [];
  try {
    const pid = Number(readFileSync(join(folder, file), 'utf8').split(' ')[0]);
    if (!Number.isInteger(pid) || pid <= 1) return [];
    process.kill(pid, 'SIGKILL');
    return [file.replace(/\.start$/, '')];
  } catch {
    return []; // it has just ended
  }
}
