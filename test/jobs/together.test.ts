/** Job classes, sets and metrics, on a real server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { House } from './house.ts';

const house = new House();
beforeAll(() => house.start());
afterAll(() => house.close());

const put = (name: string, members: object, description?: string) =>
  house.ask('PUT', `/api/v1/jobs/classes/${name}`, { members, ...(description !== undefined && { description }) });

test('a job class presets what a submission does not say itself', async () => {
  const members = { priority: 'high', time_limit: '10m', resources: 'CORES/2', environment: { A: 'class', B: 'class' } };
  expect((await put('short', members, 'small and soon')).status).toBe(200);
  const job = await house.submit({ command: ['env'], jobclass: 'short', time_limit: 30, environment: { B: 'own' } });
  expect(job).toMatchObject({ jobclass: 'short', priority: 8, time_limit: 30, resources: 'CORES/2' });
  await house.until(job.id, 'Done');
  expect(await house.log(job.id)).toMatch(/^A=class$/m);
  expect(await house.log(job.id)).toMatch(/^B=own$/m);
  const rows = await house.ask<{ rows: unknown[][] }>('GET', `/api/v3/jobs/${job.id}/jobclass`);
  expect(rows.body.rows).toEqual([['short']]);
});

test('classes are listed, shown, replaced and removed', async () => {
  await put('plain', {});
  const { body } = await house.ask<{ items: { name: string }[] }>('GET', '/api/v1/jobs/classes');
  expect(body.items.map(({ name }) => name)).toContain('plain');
  expect((await house.ask('GET', '/api/v1/jobs/classes/plain')).body).toMatchObject({ name: 'plain', members: {} });
  expect((await house.ask('DELETE', '/api/v1/jobs/classes/plain')).status).toBe(204);
  expect((await house.ask('GET', '/api/v1/jobs/classes/plain')).status).toBe(404);
});

test.each([
  ['a name with a slash', 'a%2Fb', {}, 400],
  ['a member that no class sets', 'x', { command: ['true'] }, 422],
  ['a value that no submission takes', 'x', { priority: 99 }, 422],
  ['an unknown member', 'x', { colour: 'blue' }, 422],
])('a class with %s is refused', async (_what, name, members, status) => {
  expect((await put(name, members)).status).toBe(status);
});

test('an unknown class is refused, with the one that was meant', async () => {
  await put('nightly', {});
  const { status, body } = await house.ask('POST', '/api/v1/jobs', { command: 'true', jobclass: 'nigtly' });
  expect([status, body.hint]).toEqual([422, 'did you mean nightly?']);
});

test('jobs of a set are counted, ended and forgotten together', async () => {
  const set = 'nightly build/1';
  const ids = [await house.submit({ command: ['sleep', '60'], set }), await house.submit({ command: ['true'], set, hold: true })];
  await house.until(ids[0]?.id ?? '', 'Running');
  const path = `/api/v1/jobs/sets/${encodeURIComponent(set)}`;
  expect((await house.ask('GET', path)).body).toMatchObject({ name: set, jobs: 2, states: { Running: 1, Idle: 1 } });
  const { body } = await house.ask<{ done: string[] }>('POST', `${path}/stop`);
  expect(body.done).toEqual(ids.map(({ id }) => id));
  for (const { id } of ids) await house.until(id, 'Failed');
  expect((await house.ask('GET', '/api/v1/jobs/sets')).body.items).toMatchObject([{ name: set, states: { Failed: 2 } }]);
  expect((await house.ask('DELETE', path)).body).toMatchObject({ done: ids.map(({ id }) => id), refused: [] });
  expect((await house.ask('GET', path)).status).toBe(404);
});

test('what ran is counted for Prometheus', async () => {
  const { id } = await house.submit({ command: ['false'] });
  await house.until(id, 'Failed');
  const metrics = await (await fetch(`${house.url}/metrics`)).text();
  expect(metrics).toMatch(/^weir_jobs_ended_total\{cause="exit"\} [1-9]/m);
  expect(metrics).toMatch(/^weir_jobs\{state="Failed"\} [1-9]/m);
  expect(metrics).toMatch(/^weir_jobs_resource\{host="[^"]+",resource="CORES",kind="offered"\} 4$/m);
  expect(metrics).toMatch(/^weir_jobs_wait_seconds_count [1-9]/m);
});
