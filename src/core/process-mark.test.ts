import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isAlive, processOf, signalProcess } from './process-identity.ts';
import { killMarked } from './process-mark.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-mark-'));

/** Forks and ends over and over, each time in a session of its own, for a minute at most; it touches the folder. */
const wandering = 'for (1 .. 6000) { exit if fork; POSIX::setsid(); utime undef, undef, "."; select undef, undef, undef, 0.01 }';

async function wanders(): Promise<boolean> {
  const before = statSync(folder).mtimeMs;
  await pause(300);
  return statSync(folder).mtimeMs > before;
}

test('what bears a mark is killed, and nobody else, however fast it goes on as somebody else', async () => {
  const other = spawn('sleep', ['60'], { env: { ...process.env, MARK: `${folder}/other` } });
  spawn('perl', ['-MPOSIX', '-e', wandering], { cwd: folder, env: { ...process.env, MARK: folder } });
  try {
    while (!(await wanders()));
    expect(killMarked(`MARK=${folder}`)).toBeGreaterThan(0);
    expect(await wanders()).toBe(false);
    expect(killMarked(`MARK=${folder}`)).toBe(0);
    expect(isAlive(processOf(other.pid as number) ?? { pid: 0, start: '' })).toBe(true);
  } finally {
    other.kill('SIGKILL');
    killMarked(`MARK=${folder}`);
    rmSync(folder, { recursive: true });
  }
});

test('an id that was given to somebody else, or is of another boot, is nobody', () => {
  const me = processOf(process.pid) as { pid: number; start: string };
  expect(isAlive(me)).toBe(true);
  for (const other of [
    { ...me, start: '1' },
    { ...me, boot: 'another' },
  ]) {
    expect(isAlive(other)).toBe(false);
    expect(signalProcess(other, 'SIGKILL')).toBe(false);
  }
});
