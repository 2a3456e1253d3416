/** Jobs of a real server in a real cluster of Slurm: their life, what the states of Slurm become here, and what survives what. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House, pause, type Shown } from './house.ts';
import { noSlurm, SlurmCluster, slurmPatienceMs } from './slurm-cluster.ts';

const patience = { timeout: slurmPatienceMs };

describe.skipIf(noSlurm !== undefined)('a server in front of Slurm [needs slurm-wlm and munge]', () => {
  const cluster = new SlurmCluster([
    'PreemptType=preempt/partition_prio',
    'PreemptMode=CANCEL',
    // Without cgroups Slurm measures what jobs hold, and ends those that hold more than they asked for.
    'JobAcctGatherType=jobacct_gather/linux',
    'JobAcctGatherFrequency=1',
    'JobAcctGatherParams=OverMemoryKill,UsePss',
    'SelectTypeParameters=CR_Core_Memory',
    'DefMemPerCPU=10',
    'PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF State=UP',
  ]);
  const bin = join(cluster.folder, 'bin');
  const house = new House([
    'jobs.backend=slurm',
    `jobs.slurm.config=${cluster.config}`,
    `jobs.slurm.bin=${bin}`,
    'jobs.slurm.interval=200ms',
    'jobs.slurm.partition=main',
  ]);

  beforeAll(async () => {
    await cluster.start();
    mkdirSync(bin);
    for (const program of ['squeue', 'scancel', 'scontrol', 'sbatch']) symlinkSync(pathOf(program), join(bin, program));
    await house.start();
  }, slurmPatienceMs);
  afterAll(async () => {
    await house.close();
    await cluster.close();
  }, slurmPatienceMs);

  /** The id of a job in Slurm. */
  const idInSlurm = async (job: Shown): Promise<string> => {
    const rows = await cluster.ask('squeue', '--noheader', '--states=all', '--format=%A|%j');
    return (
      rows
        .split('\n')
        .find((row) => row.endsWith(`|weir-${job.id}.${job.runs}`))
        ?.split('|')[0] ?? ''
    );
  };
  const untilReason = (id: string, form: RegExp): Promise<Shown> =>
    house.untilJob(id, ({ reason }) => form.test(reason), `one that waits for ${form}`);
  const sleeper = (seconds = 60) => house.submit({ command: ['sleep', String(seconds)] });

  // Slurm looks at time limits every 30 s only: this one waits while others run.
  let late: Shown;

  test('PREEMPTED is lost, or tried again where it may be', patience, async () => {
    const once = await house.until((await house.submit({ command: ['sleep', '60'], resources: 'CORES/2' })).id, 'Running');
    await cluster.ask('sbatch', '--partition=urgent', '--cpus-per-task=4', '--output=/dev/null', '--wrap=sleep 0.5');
    expect(await house.until(once.id, 'Failed')).toMatchObject({ cause: 'lost', reason: expect.stringContaining('PREEMPTED in Slurm') });
  });

  test('COMPLETED is Done, FAILED is Failed with its code, and the log can be read', patience, async () => {
    late = await house.until((await sleeper(300)).id, 'Running');
    await cluster.ask('scontrol', 'update', `JobId=${await idInSlurm(late)}`, 'EndTime=now+1');
    const good = await house.submit({ command: 'echo hello; echo $SLURM_JOB_ID $WEIR_JOB_ID', shell: true });
    const bad = await house.submit({ command: 'exit 7', shell: true });
    expect(await house.until(good.id, 'Done')).toMatchObject({ cause: 'done', exit_code: 0, runs: 1, host: cluster.node });
    expect(await house.log(good.id)).toMatch(new RegExp(`^hello\n\\d+ ${good.id}\n$`));
    expect(await house.until(bad.id, 'Failed')).toMatchObject({ cause: 'exit', exit_code: 7 });
    const states = () => cluster.ask('squeue', '--noheader', '--states=all', '--format=%j|%T');
    await until(async () => (await states()).includes(`weir-${good.id}.1|COMPLETED`));
    await until(async () => (await states()).includes(`weir-${bad.id}.1|FAILED`));
  });

  test('the log is told while it is written', patience, async () => {
    const { id } = await house.submit({ command: 'echo one; sleep 60', shell: true });
    await house.until(id, 'Running');
    const stop = new AbortController();
    const answer = await fetch(`${house.url}/api/v1/jobs/${id}/log/live`, { signal: stop.signal });
    let told = '';
    for await (const part of answer.body as ReadableStream<Uint8Array>) {
      told += new TextDecoder().decode(part);
      if (told.includes('one')) break;
    }
    stop.abort();
    await house.ask('POST', `/api/v1/jobs/${id}/stop`);
    expect(await house.until(id, 'Failed')).toMatchObject({ cause: 'stopped' });
  });

  test('PENDING is Queued with a reason, and stopping takes it out of Slurm', patience, async () => {
    const block = await house.submit({ command: ['sleep', '60'], resources: 'CORES/3' });
    await house.until(block.id, 'Running');
    const job = await house.submit({ command: ['true'], resources: 'CORES/4' });
    const waiting = await untilReason(job.id, /waits for free nodes of Slurm|others are before/);
    expect(waiting).toMatchObject({ state: 'Queued', duration: 0, runs: 1 });
    const id = await idInSlurm(waiting);
    await house.ask('POST', `/api/v1/jobs/${job.id}/stop`);
    expect(await house.until(job.id, 'Failed')).toMatchObject({ cause: 'stopped', reason: expect.stringContaining('before it started') });
    await until(async () => (await cluster.ask('squeue', '--noheader', '--states=all', `--jobs=${id}`, '--format=%T')) === 'CANCELLED');
    await house.ask('POST', `/api/v1/jobs/${block.id}/kill`);
    expect(await house.until(block.id, 'Failed')).toMatchObject({ cause: 'stopped' });
  });

  test('held there is Idle, from either side', patience, async () => {
    const block = await house.submit({ command: ['sleep', '60'], resources: 'CORES/3' });
    await house.until(block.id, 'Running');
    const job = await house.submit({ command: ['true'], resources: 'CORES/3' });
    const id = await idInSlurm(await untilReason(job.id, /Slurm/));
    await cluster.ask('scontrol', 'hold', id);
    expect(await house.until(job.id, 'Idle')).toMatchObject({ reason: expect.stringContaining('held in Slurm') });
    expect((await house.ask('POST', `/api/v1/jobs/${job.id}/release`)).status).toBe(200);
    await until(async () => !(await cluster.ask('scontrol', 'show', 'job', id)).includes('JobHeld'));
    await house.until(job.id, 'Queued');
    await house.ask('POST', `/api/v1/jobs/${job.id}/hold`);
    await until(async () => (await cluster.ask('scontrol', 'show', 'job', id)).includes('JobHeld'));
    await house.ask('POST', `/api/v1/jobs/${job.id}/release`);
    await house.ask('POST', `/api/v1/jobs/${block.id}/stop`);
    expect(await house.until(job.id, 'Done')).toMatchObject({ runs: 1 });
  });

  test('SUSPENDED is Suspended, from either side', patience, async () => {
    const job = await house.until((await sleeper()).id, 'Running');
    const id = await idInSlurm(job);
    await cluster.ask('scontrol', 'suspend', id);
    await house.until(job.id, 'Suspended');
    await cluster.ask('scontrol', 'resume', id);
    await house.until(job.id, 'Running');
    await house.ask('POST', `/api/v1/jobs/${job.id}/suspend`);
    await house.until(job.id, 'Suspended');
    await house.ask('POST', `/api/v1/jobs/${job.id}/stop`);
    expect(await house.until(job.id, 'Failed')).toMatchObject({ cause: 'stopped' });
  });

  test('CANCELLED by somebody else is stopped, and says so', patience, async () => {
    const job = await house.until((await sleeper()).id, 'Running');
    await cluster.ask('scancel', await idInSlurm(job));
    expect(await house.until(job.id, 'Failed')).toMatchObject({ cause: 'stopped', reason: expect.stringContaining('CANCELLED in Slurm') });
  });

  test('a job that takes more memory than it asked for is ended by Slurm, and says so', patience, async () => {
    const hog = 'my $x = "a" x (120 * 1024 * 1024); sleep 600';
    const { id } = await house.submit({ command: ['perl', '-e', hog], resources: 'CORES/1 RAM/40' });
    // Only with cgroups does Slurm say OUT_OF_MEMORY; without them it kills the job and calls it FAILED.
    const { cause, reason } = await house.until(id, 'Failed');
    expect([cause, reason]).toEqual(
      cause === 'memory' ? ['memory', expect.stringContaining('OUT_OF_MEMORY')] : ['signal', expect.stringContaining('signal 9')],
    );
  });

  test.each([
    ['requeue', /(PENDING|REQUEUED) in Slurm/],
    ['requeuehold', /(PENDING|REQUEUE_HOLD) in Slurm/],
  ])('a run that is put back by scontrol %s is lost or tried again, and never starts twice', patience, async (word, form) => {
    const journal = join(house.folder, word);
    const command = `echo $WEIR_RUN >> ${journal}; [ $WEIR_RUN = $WEIR_JOB_ID.2 ] || sleep 60`;
    const jobs = [await house.submit({ command, shell: true }), await house.submit({ command, shell: true, retry: { max: 1 } })];
    const inSlurm: string[] = [];
    for (const { id } of jobs) {
      inSlurm.push(await idInSlurm(await house.until(id, 'Running')));
      while (!(existsSync(journal) && readFileSync(journal, 'utf8').includes(`${id}.1`))) await pause(20);
      await cluster.ask('scontrol', 'update', `JobId=${inSlurm.at(-1)}`, 'Requeue=1');
      await cluster.ask('scontrol', word, inSlurm.at(-1) as string);
    }
    const [once, again] = jobs as [Shown, Shown];
    expect(await house.until(once.id, 'Failed')).toMatchObject({ cause: 'lost', reason: expect.stringMatching(form), runs: 1 });
    expect(await house.until(again.id, 'Done')).toMatchObject({ runs: 2, past: [{ run: 1, cause: 'lost' }] });
    expect(readFileSync(journal, 'utf8').trim().split('\n').sort()).toEqual([`${once.id}.1`, `${again.id}.1`, `${again.id}.2`].sort());
    // What was put back does not stay in Slurm.
    for (const id of inSlurm)
      await until(
        async () => !/PENDING|HOLD|RUNNING/.test(await cluster.ask('squeue', '--noheader', '--states=all', `--jobs=${id}`, '--format=%T')),
      );
  });

  test('a refusal of Slurm is told in its words', patience, async () => {
    const { id } = await house.submit({ command: ['true'], resources: 'no_such_feature' });
    expect(await house.until(id, 'Failed')).toMatchObject({ cause: 'start', reason: expect.stringMatching(/feature/i) });
    const fast = await house.submit({ command: ['true'], resources: 'fast' });
    await house.until(fast.id, 'Done');
  });

  test('what Slurm cannot be asked for is refused at once', async () => {
    const answer = await house.ask('POST', '/api/v1/jobs', { command: ['true'], resources: '!slow' });
    expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringContaining('must not have') } });
  });

  test('an array and dependencies are our queue’s', patience, async () => {
    const array = await house.submit({ command: 'echo $WEIR_ARRAY_INDEX', shell: true, array: '0-2' });
    const after = await house.submit({ command: ['true'], dependencies: [`afterok:${array.id}`] });
    await house.until(after.id, 'Done');
    const { body } = await house.ask<{ items: Shown[] }>('GET', `/api/v1/jobs?parent=${array.id}`);
    expect(await Promise.all(body.items.map(({ id }) => house.log(id)))).toEqual(['0\n', '1\n', '2\n']);
  });

  test('a submission whose answer was lost is not submitted twice', patience, async () => {
    const journal = join(house.folder, 'once');
    const sbatch = join(bin, 'sbatch');
    const broken = `#!/bin/sh\n${pathOf('sbatch')} "$@" >/dev/null\necho 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2\nexit 1\n`;
    writeFileSync(`${sbatch}.broken`, broken);
    chmodSync(`${sbatch}.broken`, 0o755);
    spawnSync('mv', [`${sbatch}.broken`, sbatch]);
    const { id } = await house.submit({ command: `echo ran >> ${journal}; sleep 1`, shell: true });
    const job = await house.until(id, 'Done');
    spawnSync('ln', ['-sf', pathOf('sbatch'), sbatch]);
    expect(readFileSync(journal, 'utf8')).toBe('ran\n');
    expect(job.runs).toBe(1);
    const names = await cluster.ask('squeue', '--noheader', '--states=all', '--format=%j');
    expect(names.split('\n').filter((name) => name.startsWith(`weir-${id}.`))).toHaveLength(1);
  });

  test('TIMEOUT is timeout', patience, async () => {
    expect(await house.until(late.id, 'Failed')).toMatchObject({ cause: 'timeout', reason: expect.stringContaining('TIMEOUT in Slurm') });
  });

  test('a controller that is started anew finds its jobs again, and so do we', patience, async () => {
    const journal = join(house.folder, 'controller');
    const say = (word: string, nap: number) =>
      house.submit({ command: `echo ${word} >> ${journal}; sleep ${nap}; echo ${word} >> ${journal}`, shell: true });
    const running = await say('running', 1.5);
    await house.until(running.id, 'Running');
    await cluster.end('slurmctld');
    const meanwhile = await say('meanwhile', 0);
    await untilReason(meanwhile.id, /Slurm does not answer/);
    cluster.startController();
    for (const { id } of [running, meanwhile]) expect(await house.until(id, 'Done', 'Failed')).toMatchObject({ state: 'Done', runs: 1 });
    const lines = readFileSync(journal, 'utf8').trim().split('\n').sort();
    expect(lines).toEqual(['meanwhile', 'meanwhile', 'running', 'running']);
  });

  test('a server that is killed finds its jobs again', patience, async () => {
    const journal = join(house.folder, 'server');
    const say = (word: string, nap: number) => house.submit({ command: `echo ${word} >> ${journal}; sleep ${nap}`, shell: true });
    const short = await say('short', 0.1);
    const long = await say('long', 3);
    await house.until(long.id, 'Running');
    await house.end('SIGKILL');
    await house.start();
    for (const { id } of [short, long]) expect(await house.until(id, 'Done', 'Failed')).toMatchObject({ state: 'Done', runs: 1 });
    expect(readFileSync(journal, 'utf8').split('\n').sort()).toEqual(['', 'long', 'short']);
  });

  test('NODE_FAIL is nohost', patience, async () => {
    const job = await house.until((await sleeper()).id, 'Running');
    await cluster.ask('scontrol', 'update', `NodeName=${cluster.node}`, 'State=DOWN', 'Reason=test');
    expect(await house.until(job.id, 'Failed')).toMatchObject({ cause: 'nohost', reason: expect.stringContaining('NODE_FAIL in Slurm') });
    await cluster.untilReady();
    await cluster.ask('scontrol', 'update', `NodeName=${cluster.node}`, 'State=DRAIN', 'Reason=test');
    const next = await house.submit({ command: ['true'] });
    await untilReason(next.id, /down or drained|not there/);
    await cluster.ask('scontrol', 'update', `NodeName=${cluster.node}`, 'State=RESUME');
    await house.until(next.id, 'Done');
  });
});

const pathOf = (program: string): string => spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim();

async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await pause(50);
}
