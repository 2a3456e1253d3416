/** How sessions end, and what outlives what: time-outs, restarts, and interpreters that do harm to themselves. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wanderer, wanders } from '../../src/core/wanderer.fixture.ts';
import { House, type ShownSession } from './house.ts';
import { eventually, gone } from './patience.ts';

let house: House;
beforeAll(async () => {
  house = new House(['sessions.log=64KiB', 'sessions.processes=60', 'sessions.reconnect=110s']);
  await house.start();
});
afterAll(() => house.close());

const vanished = (id: number) =>
  eventually(
    () => house.ask('GET', `/sessions/${id}/state`),
    ({ status }) => status === 404,
    25,
  );
const running = (id: number, statement: number) => house.untilStatement(id, statement, 'running');

describe('R14: the end of an interpreter is seen at once, and shown', () => {
  test.each([
    ['exits', 'import os\nos._exit(3)', 'dead', /exit code 3/],
    ['exits well', 'import os\nos._exit(0)', 'success', /exit code 0/],
    ['is killed', 'import os\nos.kill(os.getpid(), 9)', 'dead', /signal 9/],
    ['crashes', 'import ctypes\nctypes.string_at(0)', 'dead', /signal 11/],
    ['kills its keeper', 'import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(100)', 'dead', /./],
  ])('that %s', async (_what, code, state, reason) => {
    const id = await house.session();
    const pid = Number(await house.text(id, 'import os\nos.getpid()'));
    const { id: statement } = await house.post(id, code);
    const behind = await house.ask<{ id: number }>('POST', `/sessions/${id}/statements`, { code: '1' });
    await house.until(id, state);
    expect(await house.log(id)).toMatch(reason);
    expect((await house.statement(id, statement)).output).toMatchObject({
      status: 'error',
      ename: 'Error',
      evalue: expect.stringMatching(/^Interpreter died:\n/),
    });
    // It may have been too late for it.
    if (behind.status === 201)
      expect((await house.statement(id, behind.body.id)).output).toMatchObject({ status: 'error', ename: 'SessionLost' });
    await gone(pid);
  });

  test('a fork bomb ends its session, and leaves nothing', async () => {
    const id = await house.session();
    // Each doubles, but no more than eight times: the machine may be somebody's.
    const bomb =
      'import os, time\nfor generation in range(8):\n  try: os.fork()\n  except OSError: pass\n  time.sleep(0.1)\ntime.sleep(600)';
    const folder = join(house.data, 'sessions', String(id));
    await house.post(id, bomb);
    await house.until(id, 'dead');
    expect(await house.log(id)).toContain('more than 60 processes');
    await eventually(
      () => processesIn(folder),
      (count) => count === 0,
    );
  });

  test('a flood that is printed fills neither the disk nor the server', async () => {
    const id = await house.session();
    const octets = process.env.WEIR_TEST_ALL ? 1_000_000_000 : 100_000_000;
    const { id: statement } = await house.post(
      id,
      `import subprocess\nsubprocess.run('head -c ${octets} /dev/zero | tr \\\\\\\\0 x', shell=True).returncode`,
    );
    expect((await house.untilStatement(id, statement, 'available')).output).toMatchObject({ data: { 'text/plain': '0' } });
    expect(readFileSync(join(house.data, 'sessions', String(id), 'log')).length).toBeLessThan(70_000);
    expect(await house.log(id)).toContain('the log ends here');
  });

  test('what leaves the group of its session ends with it', async () => {
    const id = await house.session();
    const code = "import subprocess\np = subprocess.Popen(['setsid', '--fork', 'sleep', '88.25'])\np.wait()";
    await house.run(id, code);
    const pids = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name) === 'sleep 88.25');
    expect(pids().length).toBeGreaterThan(0);
    expect((await house.ask('DELETE', `/sessions/${id}`)).body).toEqual({ msg: 'deleted' });
    expect(pids()).toEqual([]);
    expect(existsSync(join(house.data, 'sessions', String(id)))).toBe(false);
  });

  test.each([
    ['is deleted', ''],
    ['ends', 'os._exit(0)'],
    ['has lost its keeper', 'os.kill(os.getppid(), 9)'],
  ])('what is somebody else all the time ends with a session that %s', async (_what, last) => {
    const id = await house.session();
    const folder = mkdtempSync(join(house.folder, 'wanders-'));
    await house.run(id, `import os, subprocess\nsubprocess.run(${JSON.stringify(wanderer)}, cwd=${JSON.stringify(folder)})`);
    expect(await wanders(folder)).toBe(true);
    if (last === '') await house.ask('DELETE', `/sessions/${id}`);
    else {
      await house.post(id, last);
      await eventually(
        () => house.ask<ShownSession>('GET', `/sessions/${id}`),
        ({ body }) => body.state === 'dead' || body.state === 'success',
      );
    }
    expect(await wanders(folder)).toBe(false);
  });
});

describe('R11: time-outs', () => {
  test('end a session that is idle, and not one that is busy', async () => {
    const busy = await house.session({ kind: 'python', idleTimeout: '4s' });
    const gate = join(house.folder, 'gate');
    const { id: statement } = await house.post(busy, `import os, time\nwhile not os.path.exists('${gate}'): time.sleep(0.02)\n'done'`);
    const { started } = await running(busy, statement);
    await vanished(await house.session({ kind: 'python', idleTimeout: '1s' }));
    await eventually(
      () => Date.now() - started,
      (ms) => ms > 6000,
    );
    writeFileSync(gate, '');
    expect((await house.untilStatement(busy, statement, 'available')).output).toMatchObject({ data: { 'text/plain': "'done'" } });
    await vanished(busy);
  });

  test('end a session whose client is silent, or that is old, busy or not', async () => {
    const made = [{ heartbeatTimeoutInSecond: 1 }, { ttl: '1s' }, { ttl: '4s' }].map(async (times) => {
      const { body } = await house.ask<ShownSession>('POST', '/sessions', { kind: 'python', ...times });
      // It may be gone before it can be busy.
      await house.until(body.id, 'idle').catch(() => undefined);
      await house.ask('POST', `/sessions/${body.id}/statements`, { code: 'import time\ntime.sleep(600)' });
      return body.id;
    });
    const ids = await Promise.all(made);
    // To ask for one of them would be a sign of life.
    await eventually(
      async () => (await house.ask<{ sessions: ShownSession[] }>('GET', '/sessions')).body.sessions,
      (sessions) => !sessions.some(({ id }) => ids.includes(id)),
      50,
    );
  });
});

describe('R13: a restart', () => {
  test('by a crash keeps ids, statements, logs and interpreters; one that runs ends well', async () => {
    const id = await house.session({ kind: 'python', name: 'survivor' });
    await house.run(id, "x = 42\nimport os\nn = os.write(1, b'before\\n')");
    const { id: running } = await house.post(id, "import time\ntime.sleep(2)\nprint('ran on')\nx");
    const { id: waiting } = await house.post(id, 'x + 1');
    const lost = await house.session();
    const pid = Number(await house.text(lost, 'import os\nos.getpid()'));
    const { id: unfinished } = await house.post(lost, 'import time\ntime.sleep(60)');
    await house.untilStatement(lost, unfinished, 'running');
    await house.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    await house.start();
    expect((await house.untilStatement(id, running, 'available')).output).toMatchObject({ data: { 'text/plain': 'ran on\n42' } });
    expect((await house.untilStatement(id, waiting, 'available')).output).toMatchObject({ data: { 'text/plain': '43' } });
    expect((await house.until(id, 'idle')).name).toBe('survivor');
    expect(await house.log(id)).toContain('before');
    await house.until(lost, 'dead');
    expect((await house.statement(lost, unfinished)).output).toMatchObject({ status: 'error', ename: 'SessionLost' });
    expect(await house.log(lost)).toMatch(/no server looked on/);
    expect(await house.session()).toBeGreaterThan(lost);
  });

  test('while nothing runs is not noticed', async () => {
    const id = await house.session();
    await house.run(id, 'y = 7');
    await house.end('SIGTERM');
    await house.start();
    await house.until(id, 'idle');
    expect(await house.text(id, 'y')).toBe('7');
    const { body } = await house.ask<{ total_statements: number }>('GET', `/sessions/${id}/statements`);
    expect(body.total_statements).toBe(2);
  });
});

describe('a server with limits', () => {
  const small = new House(['sessions.most=2', 'sessions.starting=1', 'sessions.memory=200MiB']);
  beforeAll(() => small.start());
  afterAll(() => small.close());

  test('has no more sessions than there may be', async () => {
    const both = await Promise.all([1, 2].map(() => small.ask<{ msg: string }>('POST', '/sessions', { kind: 'python' })));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 400]);
    expect(both.find(({ status }) => status === 400)?.body.msg).toContain('too many sessions are being created!');
    await small.until(0, 'idle');
    await small.session();
    expect((await small.ask<{ msg: string }>('POST', '/sessions', { kind: 'python' })).body.msg).toContain('there are 2 sessions already');
  });

  test('lets a session take no more memory than it may, alone or with what it has started', async () => {
    const greedy = 'x = bytearray(300_000_000)\nlen(x)';
    if (small.said.includes('sessions have no cgroups')) {
      expect(await small.run(0, greedy)).toMatchObject({ ename: 'MemoryError' });
      return;
    }
    const { id } = await small.post(0, `import os\nfor child in range(3):\n  if os.fork() == 0: break\n${greedy}`);
    await small.until(0, 'dead');
    expect(await small.log(0)).toMatch(/sessions\.memory/);
    expect((await small.statement(0, id)).output).toMatchObject({ ename: 'Error' });
    expect(await small.text(1, "'well'")).toBe("'well'");
  });
});

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
};
const processesIn = (folder: string): number =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).endsWith(folder)).length;
