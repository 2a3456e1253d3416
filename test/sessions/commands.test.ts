/** `weir sessions`, `weir submit` and `weir sql`, as typed. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { House } from './house.ts';

const weirPath = fileURLToPath(new URL('../../bin/weir', import.meta.url));
let house: House;
beforeAll(async () => {
  // Without Spark: the machine of a test may have it.
  house = new House(['sessions.spark.python=/usr/bin/false']);
  await house.start();
  await fetch(`${house.url}/api/v1/imports`, { method: 'POST', body: '1,9,C1,N1,C2,443,6,10,5000\n2,0,C3,N2,C2,53,17,1,99\n' });
});
afterAll(() => house.close());

function weir(words: string[], input = ''): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(weirPath, words, { env: { ...process.env, WEIR_SERVER: house.url, XDG_STATE_HOME: house.folder } });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...said })));
}

const job = (name: string, code: string): string => {
  const file = join(house.folder, name);
  writeFileSync(file, code);
  return file;
};

test('sql prints a table, JSON or CSV of the flows, and leaves no session', async () => {
  const query = 'select src_comp, byte_count from flows order by id';
  expect(await weir(['sql', query])).toMatchObject({
    status: 0,
    stdout: 'src_comp  byte_count\nC1              5000\nC3                99\n',
  });
  expect((await weir(['sql', '--json', query])).stdout).toBe('[{"src_comp":"C1","byte_count":5000},{"src_comp":"C3","byte_count":99}]\n');
  expect((await weir(['sql', '--csv', 'select', '9007199254740993', 'as', 'n'])).stdout).toBe('n\n9007199254740993\n');
  expect(await weir(['sql', 'select nobody'])).toMatchObject({ status: 1, stderr: expect.stringContaining('nobody') });
  expect((await house.ask<{ total: number }>('GET', '/sessions')).body.total).toBe(0);
});

test('submit hands arguments over as they are, prints as it goes, and exits as the job did', async () => {
  const file = job('job.py', 'for i in range(n): print(i, text)\n[n, number, zeros]\n');
  const text = 'a \'quoted" \\n $HOME';
  const words = ['submit', '--kind', 'python', file, '--n', '2', '--text', text, '--number=-1.5', '--zeros', '007'];
  expect(await weir(words)).toMatchObject({
    status: 0,
    stdout: `0 ${text}\n1 ${text}\n[2, -1.5, '007']\n`,
  });
  expect(await weir(['submit', '--kind', 'python', job('bad.py', '\n1/0')])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('ZeroDivisionError'),
  });
  expect((await weir(['submit', '--kind', 'python', job('end.py', 'import os\nos._exit(1)')])).status).not.toBe(0);
  expect((await weir(['submit', join(house.folder, 'nothing.py')])).status).toBe(2);
  expect((await weir(['submit', file, '--class', '1'])).status).toBe(2);
  expect(await weir(['submit', '--livy', 'http://127.0.0.1:1', file])).toMatchObject({ status: 3 });
  expect(await weir(['submit', file])).toMatchObject({ status: 2, stderr: expect.stringMatching(/PySpark[\s\S]*hint: .*--kind python/) });
  expect((await weir(['submit', job('query.sql', 'select count(*) n from flows')])).stdout).toBe('n\n2\n');
});

test('submit --batch sends a file, prints its log, and exits as it did', async () => {
  const file = job('batch.py', 'import sys\nprint(sys.argv[1:])\nsys.exit(len(sys.argv) - 3)');
  expect(await weir(['submit', '--batch', file, '--day', 'a b'])).toMatchObject({
    status: 0,
    stdout: "['--day', 'a b']\n",
    stderr: expect.stringContaining('batch 0'),
  });
  expect(await weir(['submit', '--batch', file])).toMatchObject({ status: 1, stderr: expect.stringContaining('batch 1 is dead') });
  expect((await house.ask<{ items: unknown[] }>('GET', '/api/v1/uploads')).body.items).toEqual([]);
  expect((await weir(['submit', '--batch', '--keep', file])).status).toBe(2);
  // Another Livy reads a file where it is.
  expect((await weir(['submit', '--batch', '--livy', `${house.url}/livy`, file])).stderr).toContain('cannot be added to user sessions');
});

test('submit takes a session that is free, and one of any Livy server', async () => {
  const id = await house.session({ kind: 'python', name: 'mine' });
  await house.run(id, 'kept = 5');
  const file = job('kept.py', 'kept + more');
  const words = ['--kind', 'python', file, '--more', '2'];
  expect(await weir(['submit', ...words])).toMatchObject({
    status: 0,
    stdout: '7\n',
    stderr: expect.stringContaining(`session ${id} (it was there)`),
  });
  expect(await weir(['submit', '--session', 'mine', ...words])).toMatchObject({ status: 0, stdout: '7\n' });
  expect(await weir(['submit', '--livy', `${house.url}/livy`, '--session', 'mine', ...words])).toMatchObject({ status: 0, stdout: '7\n' });
  expect((await weir(['sessions', 'list', '--csv'])).stdout).toContain(`${id},mine,shared,idle`);
  expect((await weir(['sessions', 'show', 'mine'])).stdout).toMatch(/kind +python/);
  await house.run(id, "import os\nn = os.write(1, b'one\\ntwo\\n')");
  expect((await weir(['sessions', 'logs', 'mine', '-n', '1'])).stdout).toBe('two\n');
  expect(await weir(['sessions', 'rm', 'mine'])).toMatchObject({ status: 0 });
  expect((await weir(['sessions', 'show', 'mine'])).status).toBe(3);
});

test('the shell runs what it is given, block by block', async () => {
  const { status, stdout, stderr } = await weir(
    ['sessions', 'shell'],
    'x = 4\ndef f(a):\n  return a * x\n\nf(3)\nf(\n5)\nprint("hi")\n1/0\n',
  );
  expect(stdout).toBe('12\n20\nhi\n');
  expect(stderr).toContain('ZeroDivisionError');
  expect(status).toBe(0);
});
