import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkCapture } from './doctor-capture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-doctor-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that does as it is told. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const hasTcpdump = (): boolean => {
  try {
    execFileSync('tcpdump', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('the right to capture', () => {
  test.skipIf(process.geteuid?.() !== 0 || !hasTcpdump())('is there where tcpdump sees what is sent [needs root and tcpdump]', async () => {
    expect(await checkCapture()).toEqual([{ level: 'ok', code: 'capture', text: 'this user may capture' }]);
  });

  test('is missing where tcpdump says so; its reason and what helps are told', async () => {
    const refused = program('refused', 'echo "tcpdump: lo: You do not have permission to perform this capture on that device" >&2; exit 1');
    const [finding] = await checkCapture(refused);
    expect(finding).toMatchObject({ level: 'warning', code: 'capture', text: expect.stringContaining('You do not have permission') });
    expect(finding?.fix).toContain('setcap');
  });

  test('nothing is said where there is no tcpdump', async () => {
    expect(await checkCapture(join(folder, 'none'))).toEqual([]);
  });
});
