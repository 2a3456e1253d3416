/** Python statements: what is shown, caught and cancelled (rules 5, 7 and 8 of the protocol's description). */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House } from './house.ts';
import { eventually, isAlive, pause } from './patience.ts';

const python = fileURLToPath(new URL('.venv/bin/python', import.meta.url));
const hasMatplotlib = existsSync(python) && spawnSync(python, ['-c', 'import matplotlib']).status === 0;

let house: House;
let id: number;
beforeAll(async () => {
  house = new House(['sessions.output=64KiB', 'sessions.cancelTimeout=3s']);
  await house.start();
  id = await house.session();
});
afterAll(() => house.close());

describe('R7: a statement', () => {
  test.each([
    ['1+1', '2'],
    ['1+1\n2+2', '4'],
    ['for i in range(3): i', '0\n1\n2'],
    ["print('a')\n2+2", 'a\n4'],
    ['None', ''],
    ['', ''],
    ['x = 5', ''],
    ['x\r\n', '5'],
    ['_', '5'],
    ["import sys\nprint('out'); print('err', file=sys.stderr); print('more')", 'out\nmore\nerr'],
    ["print('end  \\n\\n')", 'end'],
    ["import sys\nn = sys.stdout.buffer.write(b'octets\\xff')", 'octets\ufffd'],
    ["'ü€😀'", "'ü€😀'"],
    ['"""%d\n%d"""', "'%d\\n%d'"],
    ['import os\nos.path.basename(os.getcwd()) == os.environ["WEIR_SESSION_ID"]', 'True'],
    ['__name__', "'__main__'"],
    ['import sys\nsys.stdout = None', ''],
    ["print('back')", 'back'],
  ])('%j shows %j', async (code, shown) => {
    expect(await house.run(id, code)).toMatchObject({ status: 'ok', data: { 'text/plain': shown } });
  });

  test.each([
    [
      'nobody',
      'NameError',
      "name 'nobody' is not defined",
      ['Traceback (most recent call last):\n', "NameError: name 'nobody' is not defined\n"],
    ],
    [
      'def f():\n  return 1/0\nf()',
      'ZeroDivisionError',
      'division by zero',
      ['Traceback (most recent call last):\n', '  File "<stdin>", line 2, in f\n', 'ZeroDivisionError: division by zero\n'],
    ],
    ['input()', 'EOFError', 'EOF when reading a line', undefined],
    ['import sys; sys.exit(3)', 'SystemExit', '3', undefined],
    ['raise KeyboardInterrupt()', 'KeyboardInterrupt', '', undefined],
    [
      "try:\n  1/0\nexcept ZeroDivisionError as e:\n  raise ValueError('chained') from e",
      'ValueError',
      'chained',
      ['Traceback (most recent call last):\n', 'ValueError: chained\n'],
    ],
    ['%foo', 'UnknownMagic', "unknown magic command 'foo'", []],
    ['%', 'UnknownMagic', 'magic command not specified', []],
    ['%json nobody', 'NameError', "name 'nobody' is not defined", []],
    ['v = {1, 2}\n%json v', 'TypeError', undefined, []],
    ["v = float('nan')\n%json v", 'TypeError', undefined, []],
    ["v = [[1], ['a']]\n%table v", 'ValueError', 'table rows have different types', []],
  ])('%j fails with %s', async (code, ename, evalue, traceback) => {
    const output = await house.run(id, code);
    expect(output).toMatchObject({
      status: 'error',
      ename,
      ...(evalue !== undefined && { evalue }),
      ...(traceback !== undefined && { traceback }),
    });
  });

  test('that does not parse has run nothing, and shows no traceback of ours', async () => {
    const output = await house.run(id, 'ran = True\n%json ran\n1 +');
    expect(output).toMatchObject({ status: 'error', ename: 'SyntaxError' });
    expect(output.traceback?.join('')).not.toContain('Traceback');
    expect(output.traceback?.join('')).toContain('line 3');
    expect(await house.run(id, 'ran')).toMatchObject({ ename: 'NameError' });
  });

  test('brings what it printed before it failed, once', async () => {
    expect(await house.run(id, "print('before')\n1/0")).toMatchObject({ status: 'error', data: { 'text/plain': 'before' } });
    expect(await house.text(id, '0')).toBe('0');
  });

  test('answers JSON, tables and pictures', async () => {
    expect((await house.run(id, "v = {'a': [1, None, True]}\n%json v")).data).toEqual({ 'application/json': { a: [1, null, true] } });
    expect((await house.run(id, "print('t')\nv = [{'b': 1.5, 'a': None}, {'a': 'x'}]\n%table v")).data).toEqual({
      'text/plain': 't',
      'application/vnd.livy.table.v1+json': {
        headers: [
          { name: 'a', type: 'STRING_TYPE' },
          { name: 'b', type: 'DOUBLE_TYPE' },
        ],
        data: [
          [null, 1.5],
          ['x', null],
        ],
      },
    });
  });

  const missing = hasMatplotlib ? '' : ' [needs matplotlib in test/sessions/.venv: scripts/setup installs it]';
  test.skipIf(!hasMatplotlib)(`draws by matplotlib; what is shown is a PNG of the size that was asked for${missing}`, async () => {
    const studio = new House([`sessions.python=${python}`]);
    await studio.start();
    try {
      const session = await studio.session();
      const code = 'import matplotlib.pyplot as plt\nplt.figure(figsize=(4, 3), dpi=50)\nn = plt.plot([1, 4, 2])\n%matplot plt';
      const { data } = await studio.run(session, code);
      const picture = Buffer.from((data as Record<string, string>)['image/png'] as string, 'base64');
      expect(picture.subarray(1, 4).toString()).toBe('PNG');
      // The size stands behind the first header (PNG, section 11.2.1).
      expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([200, 150]);
    } finally {
      await studio.close();
    }
  });

  test('that writes to the descriptor, or whose child does, writes to the log', async () => {
    expect(
      await house.text(id, "import os, subprocess\nn = os.write(1, b'by hand\\n')\nsubprocess.run(['echo', 'by child']).returncode"),
    ).toBe('0');
    const log = await house.log(id);
    expect(log).toContain('by hand');
    expect(log).toContain('by child');
  });

  test('that prints too much is cut, and says so', async () => {
    const text = String(await house.text(id, "for i in range(100000): print('x' * 1000)"));
    expect(text.length).toBeLessThan(70_000);
    expect(text).toContain('[cut: more than 65536 octets were printed]');
    expect(JSON.stringify(await house.run(id, "v = 'x' * 200000\n%json v"))).toContain('[cut: the result has');
  });

  test('keeps numbers as they are written', async () => {
    const { id: statement } = await house.post(id, 'v = [2**63, 12345678901234567890123]\n%json v');
    await house.untilStatement(id, statement, 'available');
    expect((await house.ask('GET', `/sessions/${id}/statements/${statement}`)).text).toContain(
      '[9223372036854775808,12345678901234567890123]',
    );
  });
});

describe('R8: a statement that is cancelled', () => {
  test.each([
    ['sleeps', 'import time\ntime.sleep(100)'],
    ['works', 'while True: pass'],
    ['waits', "import subprocess\nsubprocess.run(['sleep', '99'])"],
    ['has caught the first interrupt', 'import time\ntry:\n  time.sleep(100)\nexcept KeyboardInterrupt:\n  time.sleep(100)'],
  ])('ends when it %s, and the session goes on', async (_what, code) => {
    const { id: statement } = await house.post(id, code);
    await house.untilStatement(id, statement, 'running');
    await pause(100);
    const { id: behind } = await house.post(id, "'behind'");
    expect((await house.ask('POST', `/sessions/${id}/statements/${statement}/cancel`)).body).toEqual({ msg: 'canceled' });
    const done = await house.untilStatement(id, statement, 'cancelled');
    expect(done.progress).toBe(1);
    expect((await house.untilStatement(id, behind, 'available')).output).toMatchObject({ data: { 'text/plain': "'behind'" } });
    await house.until(id, 'idle');
  });

  test('while it waits has no output, and those that are done or not there stay as they are', async () => {
    const { id: first } = await house.post(id, 'import time\ntime.sleep(100)');
    const { id: second } = await house.post(id, '1');
    await house.ask('POST', `/sessions/${id}/statements/${second}/cancel`);
    expect(await house.statement(id, second)).toMatchObject({ state: 'cancelled', output: null });
    for (const some of [second, 99_999]) expect((await house.ask('POST', `/sessions/${id}/statements/${some}/cancel`)).status).toBe(200);
    await house.ask('POST', `/sessions/${id}/statements/${first}/cancel`);
    await house.untilStatement(id, first, 'cancelled');
  });

  test('again and again never hits the statement behind it', async () => {
    for (let round = 0; round < 15; round++) {
      const { id: statement } = await house.post(id, '1');
      void house.ask('POST', `/sessions/${id}/statements/${statement}/cancel`);
      expect(await house.run(id, 'x = 1\nx')).toMatchObject({ status: 'ok', data: { 'text/plain': '1' } });
    }
  });

  test('and does not let go loses its session, with the reason in the log', async () => {
    const other = await house.session();
    const deaf = join(house.folder, 'deaf');
    const stubborn = `import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nopen('${deaf}', 'w').close()\ntime.sleep(100)`;
    const { id: statement } = await house.post(other, stubborn);
    await eventually(
      () => existsSync(deaf),
      (isDeaf) => isDeaf,
    );
    await house.ask('POST', `/sessions/${other}/statements/${statement}/cancel`);
    await house.until(other, 'dead');
    expect(await house.statement(other, statement)).toMatchObject({ state: 'cancelled' });
    expect(await house.log(other)).toContain('did not end within 3 s of being cancelled');
  });
});

test('completion offers what is there, and calls nothing', async () => {
  await house.run(id, 'class A:\n  colour = 1\n  @property\n  def loud(self): raise SystemExit\nthing = A()');
  const complete = async (code: string, cursor = code.length) =>
    (await house.ask<{ candidates: string[] }>('POST', `/sessions/${id}/completion`, { code, cursor })).body.candidates;
  expect(await complete('thing.')).toEqual(['colour', 'loud']);
  expect(await complete('x = thi')).toEqual(['thing']);
  expect(await complete('thing.col + 1', 9)).toEqual(['colour']);
  expect(await complete('"abc".cap')).toEqual([]);
  expect(await complete('str.cap')).toEqual(['capitalize']);
  expect(await complete('thing.loud.')).toBeInstanceOf(Array);
  expect(await house.text(id, "'well'")).toBe("'well'");
});

test('what a statement prints is told while it runs', async () => {
  const { id: statement } = await house.post(id, "import time\nfor i in range(4):\n  print(i)\n  time.sleep(0.12)\n'end'");
  const answer = await fetch(`${house.url}/api/v1/sessions/${id}/statements/${statement}/events`);
  const told = await answer.text();
  expect(told.match(/event: printed/g)?.length).toBeGreaterThan(2);
  expect(told).toContain('"text":"0\\n"');
  expect(told.trimEnd()).toMatch(/"state":"available"[^\n]*$/);
});

test('the environment of a session has nothing of the server', async () => {
  const names = String(await house.text(id, 'import os\nprint(" ".join(sorted(os.environ)))')).split(' ');
  expect(names.filter((name) => name.startsWith('WEIR_')).sort()).toEqual(['WEIR_FOLDER', 'WEIR_SESSION_ID']);
  expect(names).not.toContain('VITEST');
  const pid = Number(await house.text(id, 'import os\nos.getpid()'));
  expect(isAlive(pid)).toBe(true);
});
