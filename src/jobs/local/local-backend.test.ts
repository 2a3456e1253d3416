import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCgroupPlace } from '../../core/cgroup-place.ts';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log.ts';
import { signalProcess } from '../../core/process-identity.ts';
import { wanders } from '../../core/wanderer.fixture.ts';
import type { Run, RunEvent } from '../backend.ts';
import { processesOf, testBackend, treeOfProcesses } from '../backend-conformance.ts';
import { type JobsConfig, jobsSettings } from '../config.ts';
import type { Outcome } from '../job.ts';
import { Cgroups, type LimitsWish } from './cgroups.ts';
import { killLeftovers } from './leftovers.ts';
import { createLocalBackend } from './local-backend.ts';

const config: JobsConfig = { ...(Value.Create(jobsSettings) as JobsConfig), cores: 4 };
const log = createLog({ level: 'silent' });
const make = (folder: string, limits: LimitsWish) =>
  createLocalBackend({ ...config, limits: limits as JobsConfig['limits'] }, { folder, log, clock: systemClock });

testBackend('local', (folder) => make(folder, 'none'));

const place = findCgroupPlace();
const noCgroups = typeof place === 'string' ? place : undefined;
if (noCgroups !== undefined) console.log(`skipped: cgroups of jobs (${noCgroups})`);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-local-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const runOf = (name: string, command: string[], takes: Record<string, number>): Run => ({
  name,
  command,
  variables: { PATH: '/usr/bin:/bin', WEIR_RUN: name },
  directory: folder,
  logfile: join(folder, 'log'),
  grace: 300,
  place: { host: '', takes },
});

/** Runs one program to its end; `during` is called when it has started. */
async function outcomeOf(limits: LimitsWish, run: Run, during: () => Promise<void> = async () => {}): Promise<Outcome> {
  const backend = make(join(folder, 'runs'), limits);
  const events: RunEvent[] = [];
  const end = new Promise<Outcome>((resolve) => {
    backend.listen((event) => {
      events.push(event);
      if (event.kind === 'ended') resolve(event.outcome);
      if (event.kind === 'started') void during();
    });
  });
  await backend.open();
  try {
    backend.start(run);
    return await end;
  } finally {
    backend.discard(run.name);
    await backend.close();
  }
}

const hog = ['perl', '-e', 'my $x = "a" x (80 * 1024 * 1024); print length($x)'];

describe('limits of this host', () => {
  test.skipIf(noCgroups !== undefined)('end a run that takes more memory than it asked for [needs cgroups]', async () => {
    expect(await outcomeOf('auto', runOf('000000001.1', hog, { CORES: 1, RAM: 30 }))).toMatchObject({ cause: 'memory' });
    expect(await outcomeOf('auto', runOf('000000001.2', hog, { CORES: 1 }))).toMatchObject({ cause: 'done' });
  });

  test.skipIf(noCgroups !== undefined)('give a run the cores that it takes, and no more [needs cgroups]', async () => {
    const spin = ['sh', '-c', 'for i in 1 2; do timeout 1 sh -c "while :; do :; done" & done; wait; exit 0'];
    const from = performance.now();
    const half = await outcomeOf('auto', runOf('000000001.1', spin, { CORES: 0.25 }));
    // A quarter of the time, with room for a period; without the limit it were up to twice of it on two cores.
    expect(half.cpuMs).toBeLessThan(0.6 * (performance.now() - from));
  });

  test.skipIf(noCgroups !== undefined)('leave no group behind [needs cgroups]', async () => {
    await outcomeOf('auto', runOf('000000001.1', ['true'], { CORES: 1 }));
    const groups = new Cgroups('auto', join(folder, 'runs'), log);
    groups.open();
    expect(groups.make(runOf('000000001.2', ['true'], { CORES: 1 })).cgroups.length).toBeGreaterThan(0);
    groups.sweep(new Set());
    groups.close();
  });

  test('hold each process to its memory where there are no cgroups', async () => {
    expect(await outcomeOf('processes', runOf('000000001.1', hog, { CORES: 1, RAM: 30 }))).toMatchObject({ cause: 'exit' });
    expect(readFileSync(join(folder, 'log'), 'utf8')).toMatch(/out of memory/i);
    expect(await outcomeOf('processes', runOf('000000001.2', hog, { CORES: 1, RAM: 300 }))).toMatchObject({ cause: 'done' });
  });

  test('are written into the files of cgroup version 2', () => {
    const group = join(folder, 'own');
    mkdirSync(join(group, 'weir-server'), { recursive: true });
    for (const file of ['cgroup.procs', 'weir-server/cgroup.procs', 'cgroup.subtree_control']) writeFileSync(join(group, file), '');
    const groups = new Cgroups('auto', folder, log, () => ({ version: 2, memory: group, cpu: group }));
    groups.open();
    const { cgroups } = groups.make(runOf('000000001.1', ['true'], { CORES: 1.5, RAM: 64 }));
    const made = (cgroups[0] as string).replace(/\/cgroup.procs$/, '');
    expect(readFileSync(join(group, 'cgroup.subtree_control'), 'utf8')).toBe('+memory +cpu');
    expect(readFileSync(join(made, 'memory.max'), 'utf8')).toBe(String(64 * 1024 * 1024));
    expect(readFileSync(join(made, 'cpu.max'), 'utf8')).toBe('150000 100000');
    writeFileSync(join(made, 'memory.events'), 'low 0\noom 1\noom_kill 2\n');
    expect(groups.judge('000000001.1', { cause: 'signal', signal: 9, ended: 0 })).toMatchObject({ cause: 'memory' });
  });

  test('are not there where the group is not ours, and the reason is told', () => {
    const files = (own: string, mounts: string) => {
      writeFileSync(join(folder, 'own'), own);
      writeFileSync(join(folder, 'mounts'), mounts);
      return findCgroupPlace({ own: join(folder, 'own'), mounts: join(folder, 'mounts') });
    };
    const mount = `36 25 0:31 / ${folder} rw - cgroup2 cgroup2 rw\n`;
    expect(files('0::/\n', '')).toBe('no cgroup2 is mounted');
    expect(files('0::/a\n', mount)).toBe(`${folder}/a has no controller memory, cpu`);
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a', 'cgroup.controllers'), 'cpu memory pids\n');
    expect(files('0::/a\n', mount)).toBe(`${folder}/a is not delegated to this user`);
    for (const file of ['cgroup.procs', 'cgroup.subtree_control'])
      writeFileSync(join(folder, 'a', file), file === 'cgroup.procs' ? '1\n' : '');
    expect(files('0::/a\n', mount)).toBe(`${folder}/a holds other processes too (1)`);
    writeFileSync(join(folder, 'a', 'cgroup.procs'), `${process.pid}\n`);
    expect(files('0::/a/weir-server\n', mount)).toEqual({ version: 2, memory: join(folder, 'a'), cpu: join(folder, 'a') });
  });
});

describe('processes', () => {
  test('are never signalled by an id that was given to somebody else', () => {
    // The id of this very process, as if an earlier one had had it.
    expect(signalProcess({ pid: process.pid, start: '1' }, 'SIGKILL')).toBe(false);
    expect(killLeftovers({ pid: process.pid, start: '1' }, { pid: process.pid, start: '1' })).toBe(0);
  });

  test('of a run end when its wrapper is killed, a whole tree of them', async () => {
    const name = `${Date.now()}.1`;
    const outcome = await outcomeOf('none', runOf(name, ['sh', '-c', `${treeOfProcesses} & wait; sleep 60`], { CORES: 1 }), async () => {
      while (processesOf(name, folder) < 64) await new Promise((resolve) => setTimeout(resolve, 20));
      process.kill(Number(readFileSync(join(folder, 'runs', `${name}.start`), 'utf8').split(' ')[0]), 'SIGKILL');
    });
    expect(outcome).toMatchObject({ cause: 'lost', note: expect.stringMatching(/\d+ processes of it were ended/) });
    expect(processesOf(name, folder)).toBe(0);
    expect(await wanders(folder)).toBe(false);
  });
});
