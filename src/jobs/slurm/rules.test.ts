import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log.ts';
import type { Run } from '../backend.ts';
import { type JobsConfig, jobsSettings } from '../config.ts';
import { parseResources } from '../resources.ts';
import { checkOptions, impossibleFor, optionsOf, outputOf } from './options.ts';
import { createSlurmBackend } from './slurm-backend.ts';
import { standingOf, wordsOf } from './states.ts';
import { corrected, isOpen, neverStarted, unaccounted } from './verdict.ts';

const config = Value.Create(jobsSettings) as JobsConfig;
const run: Run = {
  name: '000001138.1',
  command: ['--uid=0'],
  variables: {},
  directory: '/work',
  logfile: '/srv/100%/log',
  timeLimit: 90,
  grace: 10_000,
  place: { host: '', takes: { CORES: 2, RAM: 500, GPUS: 1, lic: 3 } },
  has: ['fast', 'ssd'],
  priority: 4,
};

describe('the states of Slurm', () => {
  const all: [states: string[], standing: ReturnType<typeof standingOf>][] = [
    [['PENDING', 'REQUEUED', 'REQUEUE_FED'], { is: 'waiting' }],
    [['REQUEUE_HOLD', 'SPECIAL_EXIT', 'RESV_DEL_HOLD'], { is: 'held' }],
    [['CONFIGURING', 'RUNNING', 'SIGNALING', 'STAGE_OUT', 'RESIZING', 'COMPLETING'], { is: 'running' }],
    [['SUSPENDED', 'STOPPED'], { is: 'suspended' }],
    [['PREEMPTED', 'REVOKED'], { is: 'withdrawn' }],
    [['COMPLETED'], { is: 'over', cause: 'done' }],
    [['FAILED'], { is: 'over', cause: 'exit' }],
    [['NODE_FAIL', 'BOOT_FAIL'], { is: 'over', cause: 'nohost' }],
    [['OUT_OF_MEMORY'], { is: 'over', cause: 'memory' }],
    [['TIMEOUT', 'DEADLINE'], { is: 'over', cause: 'timeout' }],
    [['CANCELLED', 'CANCELLED by 1000'], { is: 'over', cause: 'stopped' }],
    [['NEW_WORD'], undefined],
  ];
  test.each(all)('%s', (states, standing) => {
    for (const state of states) expect(standingOf(state)).toEqual(standing);
  });

  test('PENDING that is held is held', () => {
    expect(standingOf('PENDING', 'JobHeldUser')).toEqual({ is: 'held' });
    expect(standingOf('PENDING', 'launch failed requeued held')).toEqual({ is: 'held' });
  });

  test.each([
    ['Resources', 'waits for free nodes of Slurm (Resources)'],
    ['None', 'waits for Slurm to look at it'],
    ['QOSMaxCpuPerUserLimit', 'waits in Slurm: a limit of its account is reached (QOSMaxCpuPerUserLimit)'],
    ['SomethingNew', 'waits in Slurm: SomethingNew'],
  ])('the reason %s in words', (reason, words) => {
    expect(wordsOf(reason)).toBe(words);
  });
});

describe('how a run ended', () => {
  const row = { id: '36', state: 'TIMEOUT', nodes: 'node7', comment: '', name: '', reason: 'TimeLimit' };
  const over = (cause: 'timeout' | 'memory' | 'exit' | 'done' | 'nohost') => ({ is: 'over' as const, cause });

  test('is Slurm’s word where it ended it, and the wrapper’s else', () => {
    expect(corrected({ cause: 'stopped', ended: 1 }, over('timeout'), row)).toMatchObject({
      cause: 'timeout',
      note: 'TIMEOUT in Slurm, job 36 on node7 (TimeLimit)',
    });
    expect(corrected({ cause: 'signal', signal: 9, ended: 1 }, over('memory'), row)).toMatchObject({ cause: 'memory', signal: 9 });
    expect(corrected({ cause: 'signal', signal: 9, ended: 1 }, over('exit'), row)).toEqual({ cause: 'signal', signal: 9, ended: 1 });
    expect(corrected({ cause: 'stopped', ended: 1 }, { is: 'withdrawn' }, row)).toMatchObject({ cause: 'lost' });
  });

  test('is open after a TERM that nobody here asked for, and after a KILL', () => {
    expect(isOpen({ cause: 'stopped', ended: 1 }, false)).toBe(true);
    expect(isOpen({ cause: 'stopped', ended: 1 }, true)).toBe(false);
    expect(isOpen({ cause: 'signal', signal: 15, ended: 1 }, false)).toBe(true);
    expect(isOpen({ cause: 'signal', signal: 9, ended: 1 }, true)).toBe(true);
    expect(isOpen({ cause: 'exit', code: 1, ended: 1 }, false)).toBe(false);
  });

  test('is Slurm’s account where the wrapper has left none', () => {
    expect(unaccounted(over('exit'), row, { code: 3, signal: 0 }, 1)).toMatchObject({ cause: 'exit', code: 3 });
    expect(unaccounted(over('exit'), row, { code: 0, signal: 15 }, 1)).toMatchObject({ cause: 'signal', signal: 15 });
    expect(unaccounted(over('done'), row, { code: 0, signal: 0 }, 1)).toMatchObject({ cause: 'done' });
    expect(unaccounted(over('nohost'), row, undefined, 1)).toMatchObject({ cause: 'nohost' });
    expect(unaccounted(undefined, undefined, undefined, 1)).toMatchObject({ cause: 'lost' });
  });

  test('of one that never started: tried again where Slurm took it back', () => {
    expect(neverStarted({ is: 'withdrawn' }, row, 1)).toBeUndefined();
    expect(neverStarted(undefined, undefined, 1)).toBeUndefined();
    expect(neverStarted(over('exit'), row, 1)).toMatchObject({ cause: 'start' });
    expect(neverStarted(over('nohost'), row, 1)).toMatchObject({ cause: 'nohost' });
  });
});

describe('the options of sbatch', () => {
  test('are words of ours, and nothing of the command is among them', () => {
    const options = optionsOf(run, 'weir:tag:000001138.1', { ...config.slurm, partition: 'main', options: ['--reservation=x'] });
    expect(options).toEqual(
      expect.arrayContaining([
        '--reservation=x',
        '--partition=main',
        '--job-name=weir-000001138.1',
        '--comment=weir:tag:000001138.1',
        '--output=/srv/100%%/log',
        '--cpus-per-task=2',
        '--mem=500M',
        '--gpus=1',
        '--licenses=lic:3',
        '--constraint=fast&ssd',
        '--time=3',
        '--nice=1100',
        '--no-requeue',
      ]),
    );
    expect(options.join(' ')).not.toContain('uid');
    expect(options.every((option) => option.startsWith('--'))).toBe(true);
  });

  test('leave a log with odd characters in its name to the wrapper', () => {
    expect(outputOf('/a/b\\c')).toBe('/dev/null');
    expect(outputOf('/a/b\nc')).toBe('/dev/null');
    expect(outputOf('/a b/%j')).toBe('/a b/%%j');
  });

  test.each(['-p x', '--uid=0', '--wrap=id', '--comm=x', '--export=ALL', 'x', '--array=1-9', '--x\n=1'])(
    'refuse %j from the configuration',
    (option) => {
      expect(() => checkOptions({ ...config.slurm, options: [option] })).toThrow(/jobs.slurm/);
    },
  );

  test.each(['--exclusive', '--mem-per-cpu=1G', '--reservation=maintenance'])('take %s', (option) => {
    checkOptions({ ...config.slurm, options: [option] });
  });

  test('cannot say everything that a job may ask of a host', () => {
    expect(impossibleFor(parseResources('CORES/2 RAM/500 fast'))).toBeUndefined();
    for (const text of ['a | b', '!a', 'RAM#500']) expect(impossibleFor(parseResources(text))).toContain('Slurm');
  });
});

test('without the commands of Slurm it says what to install', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-no-slurm-'));
  try {
    const backend = createSlurmBackend(
      { ...config, slurm: { ...config.slurm, bin: folder } },
      { folder: join(folder, 'runs'), log: createLog({ level: 'silent' }), clock: systemClock },
    );
    await expect(backend.open()).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('apt-get install slurm-client munge'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
