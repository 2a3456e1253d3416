import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processState, untilAsked } from '../../src/jobs/backend-conformance.ts';
import { House, pause } from './house.ts';

let house: House;
beforeAll(async () => {
  house = new House();
  await house.start();
});
afterAll(() => house.close());

describe('a job', () => {
  test('runs, and its end and its log are known', async () => {
    const { id } = await house.submit({ command: ['echo', 'two words', "it's"] });
    const job = await house.until(id, 'Done');
    expect(job).toMatchObject({ cause: 'done', exit_code: 0, runs: 1, command_line: "echo 'two words' 'it'\\''s'" });
    expect(job.logfile).toMatch(/^vnc_logs\/\d{8}\/\d{6}\.\d+$/);
    expect(await house.log(id)).toBe("two words it's\n");
  });

  test('fails with its exit code, and another with its signal', async () => {
    const one = await house.submit({ command: 'exit 7', shell: true });
    const other = await house.submit({ command: 'kill -SEGV $$', shell: true });
    expect(await house.until(one.id, 'Failed')).toMatchObject({ cause: 'exit', exit_code: 7, reason: 'exit code 7' });
    expect(await house.until(other.id, 'Failed')).toMatchObject({ cause: 'signal', signal: 11 });
  });

  test('of exit code 143 is not one that TERM ended', async () => {
    const { id } = await house.submit({ command: 'exit 143', shell: true, legal_exit: [143] });
    expect(await house.until(id, 'Done', 'Failed')).toMatchObject({ state: 'Done', exit_code: 143 });
  });

  test('that cannot be started says why', async () => {
    const { id } = await house.submit({ command: ['/no/such/program'] });
    const job = await house.until(id, 'Failed');
    expect(job).toMatchObject({ cause: 'start' });
    expect(job.reason).toContain('No such file');
    expect(await house.log(id)).toContain('/no/such/program');
  });

  test('passes nothing through a shell', async () => {
    const { id } = await house.submit({ command: ['echo', '$HOME', '*', '`id`', ';', 'ls'] });
    await house.until(id, 'Done');
    expect(await house.log(id)).toBe('$HOME * `id` ; ls\n');
  });

  test('gets a clean base of variables, its own, and who it is', async () => {
    const { id } = await house.submit({ command: ['env'], environment: { COLOUR: 'blue = red' } });
    await house.until(id, 'Done');
    const log = await house.log(id);
    expect(log).toContain('COLOUR=blue = red\n');
    expect(log).toContain(`WEIR_JOB_ID=${id}\n`);
    expect(log).toContain('PATH=/usr/local/sbin:');
    expect(log).not.toContain('UV_THREADPOOL_SIZE');
  });

  test('with a snapshot gets exactly that, and equal ones share a file', async () => {
    const submission = { command: ['env'], snapshot: true, environment: { PATH: '/usr/bin:/bin', A: '1\n2' } };
    const one = await house.submit(submission);
    const other = await house.submit(submission);
    expect(one.environment).toBe(other.environment);
    expect(one.environment).toMatch(/^SNAPSHOT\(vnc_logs\/snapshots\/local\/linux64\/env\d+\.env\)$/);
    await house.until(one.id, 'Done');
    const log = await house.log(one.id);
    expect(log).toContain('A=1\n2\n');
    expect(log).not.toContain('LANG');
  });

  test('is ended when its time is up, with its children', async () => {
    const { id } = await house.submit({ command: 'sleep 77.5 & sleep 77.5', shell: true, time_limit: 1 });
    expect(await house.until(id, 'Failed')).toMatchObject({ cause: 'timeout' });
    while (processesOf('sleep\u000077.5') > 0) await pause(20);
  });

  test('that ignores TERM is killed', async () => {
    const { id } = await house.submit({ command: "trap '' TERM; echo ready; while :; do sleep 0.1; done", shell: true });
    await house.until(id, 'Running');
    while (!(await house.log(id)).includes('ready')) await pause(20);
    expect((await house.ask('POST', `/api/v1/jobs/${id}/stop`)).status).toBe(200);
    expect(await house.until(id, 'Failed')).toMatchObject({ cause: 'stopped' });
  });

  test('is suspended and goes on', async () => {
    const { id } = await house.submit({ command: untilAsked('go-on'), shell: true });
    await house.until(id, 'Running');
    while (!(await house.log(id)).includes('\n')) await pause(20);
    const pid = Number(await house.log(id));
    await house.ask('POST', `/api/v1/jobs/${id}/suspend`);
    while (processState(pid) !== 'T') await pause(20);
    expect((await house.job(id)).state).toBe('Suspended');
    writeFileSync(join(house.work, 'go-on'), '');
    await house.ask('POST', `/api/v1/jobs/${id}/resume`);
    await house.until(id, 'Done');
    expect(await house.log(id)).toBe(`${pid}\nend\n`);
  });

  test('waits while it is held', async () => {
    const { id } = await house.submit({ command: ['true'], hold: true });
    expect(await house.job(id)).toMatchObject({ state: 'Idle', reason: 'held until it is released' });
    await house.ask('POST', `/api/v1/jobs/${id}/release`);
    await house.until(id, 'Done');
  });

  test('is tried again as often as it may, and each run is kept', async () => {
    const { id } = await house.submit({ command: 'exit 75', shell: true, retry: { max: 2, on_exit: [75] } });
    const job = await house.until(id, 'Failed');
    expect(job.runs).toBe(3);
    expect(job.past).toHaveLength(2);
  });

  test('is run again under its id', async () => {
    const { id } = await house.submit({ command: ['echo', 'once'] });
    await house.until(id, 'Done');
    await house.ask('POST', `/api/v1/jobs/${id}/rerun`);
    await house.untilJob(id, ({ state, runs }) => state === 'Done' && runs === 2, 'done twice');
    expect(await house.log(id)).toBe('once\nonce\n');
  });

  test('is forgotten only when it is over, and its id is not given again', async () => {
    const { id } = await house.submit({ command: ['sleep', '30'] });
    await house.until(id, 'Running');
    expect((await house.ask('DELETE', `/api/v1/jobs/${id}`)).status).toBe(409);
    await house.ask('POST', `/api/v1/jobs/${id}/kill`);
    const job = await house.until(id, 'Failed');
    expect((await house.ask('DELETE', `/api/v1/jobs/${id}`)).status).toBe(204);
    expect((await house.ask('GET', `/api/v1/jobs/${id}`)).status).toBe(404);
    expect(existsSync(join(house.work, job.logfile))).toBe(true);
    expect(Number((await house.submit({ command: ['true'] })).id)).toBeGreaterThan(Number(id));
  });
});

describe('jobs that depend on others', () => {
  test('wait for what they depend on', async () => {
    const first = await house.submit({ command: `${untilAsked('end-first')}; exit 1`, shell: true });
    const onFail = await house.submit({ command: ['true'], dependencies: [`afternotok:${first.id}`] });
    const onEnd = await house.submit({ command: ['true'], dependencies: [`afterany:${Number(first.id)}`] });
    const onGood = await house.submit({ command: ['true'], dependencies: [`afterok:${first.id}`] });
    expect((await house.job(onEnd.id)).reason).toBe(`waits for job ${first.id} to end`);
    writeFileSync(join(house.work, 'end-first'), '');
    await house.until(onFail.id, 'Done');
    await house.until(onEnd.id, 'Done');
    expect(await house.until(onGood.id, 'Failed')).toMatchObject({ cause: 'dependency', runs: 0 });
  });
});

describe('files', () => {
  test('that another job makes are waited for; others have to be there, and have one maker', async () => {
    const made = join(house.work, 'made');
    const maker = await house.submit({ command: `${untilAsked('end-maker')}; echo x > made`, shell: true, outputs: ['made'] });
    const reader = await house.submit({ command: ['cat', 'made'], inputs: ['made', '/etc/hosts'] });
    expect(reader).toMatchObject({ inputs: [made, '/etc/hosts'], dependencies: [`afterok:${maker.id}`] });
    const refused = (more: object) => house.ask('POST', '/api/v1/jobs', { directory: house.work, command: ['true'], ...more });
    expect(await refused({ outputs: ['made'] })).toMatchObject({
      status: 409,
      body: { title: `Job ${maker.id} makes that file already.` },
    });
    expect(await refused({ inputs: ['nowhere'] })).toMatchObject({ status: 422, body: { pointer: '/inputs' } });
    writeFileSync(join(house.work, 'end-maker'), '');
    await house.until(reader.id, 'Done');
    expect(await house.log(reader.id)).toBe('x\n');
    expect((await refused({ inputs: ['made'], outputs: ['made'] })).status).toBe(201);
  });
});

describe('an array', () => {
  test('is one parent and its children, so many at once', async () => {
    const command = `echo $WEIR_ARRAY_INDEX; ${untilAsked('end-array')}`;
    const { id } = await house.submit({ command, shell: true, array: '0-6:2%2' });
    const { body } = await house.ask<{ items: { id: string; index: number }[] }>('GET', `/api/v1/jobs?parent=${id}`);
    expect(body.items.map(({ index }) => index)).toEqual([0, 2, 4, 6]);
    const [first, second, third, last] = body.items.map(({ id }) => id) as [string, string, string, string];
    for (const child of [first, second]) await house.until(child, 'Running');
    expect(await house.job(third)).toMatchObject({ state: 'Queued', reason: '2 of its array are running already' });
    writeFileSync(join(house.work, 'end-array'), '');
    await house.until(id, 'Done');
    expect(await house.log(last)).toMatch(/^6\n/);
  });
});

describe('resources', () => {
  test('are waited for, in words', async () => {
    const big = await house.submit({ command: ['sleep', '30'], resources: 'CORES/4' });
    await house.until(big.id, 'Running');
    const small = await house.submit({ command: ['true'] });
    expect((await house.job(small.id)).reason).toMatch(/^waits for CORES\/1: 0 of 4 free on /);
    await house.ask('POST', `/api/v1/jobs/${big.id}/stop`);
    await house.until(small.id, 'Done');
  });

  test('go to the higher priority first', async () => {
    const block = await house.submit({ command: untilAsked('end-block'), shell: true, resources: 'CORES/4' });
    await house.until(block.id, 'Running');
    const order = join(house.work, 'order');
    const say = (word: string, priority: string) =>
      house.submit({ command: `echo ${word} >> ${order}`, shell: true, resources: 'CORES/4', priority });
    const last = await say('low', 'low');
    await say('normal', 'normal');
    await say('top', 'top');
    writeFileSync(join(house.work, 'end-block'), '');
    await house.until(last.id, 'Done');
    expect(readFileSync(order, 'utf8')).toBe('top\nnormal\nlow\n');
  });
});

/** Living processes whose command line contains the text. */
function processesOf(text: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  }).length;
}
