import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = new URL('../main.ts', import.meta.url).pathname;

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

type Ended = { code: number | null; signal: string | null; stdout: string; stderr: string };

/** Runs the real command; `line` is the first line of its output, `ended` how it ended. */
const weir = (...words: string[]) => run(main, ...words);

function run(program: string, ...words: string[]) {
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, NO_COLOR: '1' };
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
  const line = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (data) => {
      stdout += String(data);
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
    child.stderr?.on('data', (data) => {
      stderr += String(data);
    });
    void ended.then(() => reject(new Error(`ended without a line: ${stderr}`)));
  });
  line.catch(() => {});
  return { child, line, ended };
}

const serve = (...words: string[]) => weir('serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0', ...words);
const addressIn = (line: string): string => /listening on (\S+),/.exec(line)?.[1] ?? '';

describe('weir serve', () => {
  test('prints one line with its address and its data, answers, and ends well on SIGTERM', async () => {
    const { child, line, ended } = serve();
    expect(await line).toMatch(/^weir \d+\.\d+\.\d+ listening on http:\/\/127\.0\.0\.1:\d+, data in .*\/data$/);
    const ready = await fetch(`${addressIn(await line)}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { parts: { flows: 'ready', keys: 'ready' } }]);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect([code, stdout.split('\n').length]).toEqual([0, 2]);
  });

  test('a second one on the same data says who holds it and exits 6', async () => {
    const first = serve();
    const address = addressIn(await first.line);
    const { code, stderr } = await serve().ended;
    expect(code).toBe(6);
    expect(stderr).toContain(`in use by process ${first.child.pid} (weir serve`);
    expect(stderr).toContain(address);
  });

  test('starts again after kill -9, on the same Unix socket', async () => {
    const words = ['serve', '--data', join(folder, 'data'), '--listen', `unix:${join(folder, 'weir.sock')}`];
    const first = weir(...words);
    await first.line;
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await weir(...words).line).toContain(`listening on unix:${join(folder, 'weir.sock')}`);
  });

  test.each([
    [['--set', 'server.lisen=x'], 2, 'did you mean server.listen?'],
    [['--listen', '0.0.0.0:0'], 4, 'while it has no users'],
    [['--config', '/no/such/file'], 3, 'no configuration file'],
    [['--log-level', 'loud'], 2, 'expected one of fatal'],
  ])('%j exits %i', async (words, exit, says) => {
    const { code, stderr } = await serve(...words).ended;
    expect(stderr).toContain(says);
    expect(code).toBe(exit);
  });

  test('--check reads the configuration and starts nothing', async () => {
    expect(await serve('--check').ended).toMatchObject({ code: 0, stdout: 'The configuration is right.\n' });
  });
});

describe('signals, with an endless answer under way', () => {
  const endless = new URL('./testdata/endless-server.ts', import.meta.url).pathname;

  async function startStreaming(drainTimeout: string) {
    const server = run(endless, join(folder, 'data'), drainTimeout);
    const answer = await fetch(`${addressIn(await server.line)}/endless`);
    const text = answer.text().then(
      () => 'ended',
      () => 'broken',
    );
    return { ...server, text };
  }

  test('the second one ends the process at once', async () => {
    const { child, ended, text } = await startStreaming('1m');
    child.kill('SIGTERM');
    await new Promise((resolve) => child.stderr?.once('data', resolve));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 143 });
    expect(await text).toBe('broken');
  });

  test('the first one waits for the drain time-out, breaks the answer and ends well', async () => {
    const { child, ended, text } = await startStreaming('300ms');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
    expect(await text).toBe('broken');
  });
});

test('weir config prints what is in force, and lists what there is', async () => {
  const { stdout } = await weir('config', '--set', 'server.listen=127.0.0.1:1').ended;
  expect(JSON.parse(stdout)).toMatchObject({ server: { listen: '127.0.0.1:1' }, log: { level: 'info' } });
  expect((await weir('config', '--list').ended).stdout).toContain('server.bodyLimit\n');
});
