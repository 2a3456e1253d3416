import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive, processOf, signalProcess } from './process-identity.ts';
import { killMarked } from './process-mark.ts';
import { wanderer, wanders } from './wanderer.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-mark-'));

test('what bears a mark is killed, and nobody else, however fast it goes on as somebody else', async () => {
  const other = spawn('sleep', ['60'], { env: { ...process.env, MARK: `${folder}/other` } });
  spawn(wanderer[0], wanderer.slice(1), { cwd: folder, env: { ...process.env, MARK: folder } });
  try {
    while (!(await wanders(folder)));
    expect(killMarked(`MARK=${folder}`)).toBeGreaterThan(0);
    expect(await wanders(folder)).toBe(false);
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
