/** Batches on Livy's wire and on ours: real programs, their states and exit codes, their files, and servers that go away meanwhile. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wanderer, wanders } from '../../src/core/wanderer.fixture.ts';
import { House } from './house.ts';
import { eventually, gone, isAlive } from './patience.ts';
import { hasSpark, quickConf } from './quick-spark.ts';

type ShownBatch = { id: number; state: string; log: string[]; appId: string | null; [member: string]: unknown };

const shelf = mkdtempSync(join(tmpdir(), 'weir-batches-'));
/** A server that has no Spark; its flows are two. */
let house = new House([`sessions.files=${shelf}`, 'sessions.spark.python=/usr/bin/false']);
const opened = [house];
beforeAll(() => open(house));
afterAll(async () => {
  for (const one of opened) await one.close();
  rmSync(shelf, { recursive: true, force: true });
});

async function open(house: House): Promise<void> {
  await house.start();
  await fetch(`${house.url}/api/v1/imports`, { method: 'POST', body: '1,9,C1,N1,C2,443,6,10,5000\n2,0,C3,N2,C2,53,17,1,99\n' });
}

const put = (name: string, text: string): string => {
  const path = join(shelf, name);
  writeFileSync(path, text);
  return path;
};

async function run(request: Record<string, unknown>): Promise<number> {
  const { status, body } = await house.ask<ShownBatch>('POST', '/batches', request);
  if (status !== 201) throw new Error(`refused: ${JSON.stringify(body)}`);
  return body.id;
}

async function until(id: number, ...states: string[]): Promise<ShownBatch> {
  const look = async () => (await house.ask<ShownBatch>('GET', `/batches/${id}`)).body;
  const last = await eventually(look, ({ state }) => [...states, 'dead', 'killed', 'success'].includes(state));
  if (states.includes(last.state)) return last;
  throw new Error(`batch ${id} did not become ${states.join(' or ')}: ${JSON.stringify(last)}`);
}

const ended = (id: number) => until(id, 'success', 'dead', 'killed');
const logOf = async (id: number, query = 'size=-1') =>
  (await house.ask<{ id: number; from: number; total: number; log: string[] }>('GET', `/batches/${id}/log?${query}`)).body;
/** Waits for a line that the program prints. */
async function saying(id: number, pattern: RegExp): Promise<RegExpExecArray> {
  const look = async () => (await logOf(id)).log.join('\n');
  return pattern.exec(await eventually(look, (said) => pattern.test(said))) as RegExpExecArray;
}

const members = ['id', 'name', 'owner', 'proxyUser', 'state', 'appId', 'appInfo', 'log'].sort();

describe('a batch', () => {
  test('has eight members and no other, runs to its end, and keeps its log', async () => {
    const file = put('ok.py', 'import sys\nprint("one", *sys.argv[1:])\nprint("two", file=sys.stderr)\n');
    const answer = await house.ask<ShownBatch>('POST', '/batches', { file, args: ['a b', 7, '--flag'], name: 'first', conf: { n: 5 } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/batches/${answer.body.id}`);
    expect(Object.keys(answer.body).sort()).toEqual(members);
    expect(['starting', 'running']).toContain(answer.body.state);
    const last = await until(answer.body.id, 'success');
    expect(last).toMatchObject({ name: 'first', appId: null, proxyUser: null, log: ['one a b 7 --flag', 'two'] });
    expect(last.appInfo).toEqual({ driverLogUrl: null, sparkUiUrl: null, executorLogUrls: null });
    const { id } = last;
    expect((await house.ask('GET', '/batches/first/state')).body).toEqual({ id, state: 'success' });
    expect(await logOf(id, 'from=1&size=100')).toEqual({ id, from: 1, total: 2, log: ['two'] });
    expect(await logOf(id, 'from=2')).toEqual({ id, from: 2, total: 2, log: [] });
    expect((await house.ask<{ sessions: unknown[]; total: number }>('GET', '/batches?from=0&size=1')).body).toMatchObject({
      from: 0,
      sessions: [{ id: 0 }],
    });
    expect((await house.ask<{ sessions: unknown[] }>('GET', '/livy/batches?from=99')).body.sessions).toEqual([]);
    expect((await house.ask('DELETE', `/batches/${id}`)).body).toEqual({ msg: 'deleted' });
    expect((await house.ask('GET', `/batches/${id}`)).body).toEqual({ msg: `Session '${id}' not found.` });
  });

  test('is dead with its exit code, its signal, or the reason why it did not start', async () => {
    const [exits, dies, fails] = await Promise.all([
      run({ file: put('exits.py', 'raise SystemExit(3)') }),
      run({ file: put('dies.py', 'import os; os.kill(os.getpid(), 11)') }),
      run({ file: put('fails.py', 'nobody') }),
    ]);
    expect((await until(exits as number, 'dead')).log.at(-1)).toMatch(/exit code 3$/);
    expect((await until(dies as number, 'dead')).log.at(-1)).toMatch(/signal 11$/);
    expect((await until(fails as number, 'dead')).log.join('\n')).toMatch(/NameError[\s\S]*exit code 1$/);
    const { body } = await house.ask('GET', `/api/v1/batches/${exits}`);
    expect(body).toMatchObject({ kind: 'python', state: 'dead', exit_code: 3, reason: 'exit code 3' });
  });

  const refused: [string, Record<string, unknown> | string, RegExp][] = [
    ['nothing', {}, /^Rejected, Reason: requirement failed: File is required\.$/],
    ['an unknown field', { file: '/x.py', kind: 'python' }, /Unrecognized field "kind"/],
    ['no JSON', '{', /JSON/],
    ['a path that is not absolute', { file: 'x.py' }, /Path 'x\.py' is not absolute/],
    ['a path of the server', { file: '/etc/passwd' }, /Local path \/etc\/passwd cannot be added|no file that runs here/],
    ['a way out of the folder', { file: '/SHELF/../../x.py' }, /cannot be added/],
    ['a file that is not there', { file: '/SHELF/gone.py' }, /there is no file/],
    ['an upload that is not there', { file: 'upload:gone.py' }, /no uploaded file gone\.py/],
    ['an upload outside', { file: 'upload:../../x.py' }, /no uploaded file/],
    ['another language', { file: '/SHELF/x.R' }, /no file that runs here/],
    ['an object among the args', { file: '/x.py', args: [{}] }, /"args"/],
    ['an option as class', { file: '/x.jar', className: '--master' }, /"className"/],
    ['Spark where there is none', { file: '/SHELF/x.jar' }, /PySpark is not installed/],
    ['a digit name', { file: '/x.py', name: '12' }, /^Rejected/],
  ];
  test.each(refused)('that asks for %s is refused', async (_what, body, msg) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body).replaceAll('/SHELF', shelf);
    const answer = await house.ask<{ msg: string }>('POST', '/batches', text);
    expect([answer.status, answer.body.msg]).toEqual([400, expect.stringMatching(msg)]);
  });

  test('takes modules and files along', async () => {
    const pyFiles = [put('mine.py', 'value = 41')];
    const files = [put('facts.txt', 'facts')];
    const file = put('uses.py', 'import json, mine, os\nprint(mine.value + 1, open("facts.txt").read(), os.environ.get("WEIR_SECRET"))');
    const id = await run({ file, pyFiles, files });
    expect((await until(id, 'success')).log).toEqual(['42 facts None']);
  });

  test('runs files that were sent, as they were when it began', async () => {
    const send = (text: string) => fetch(`${house.url}/api/v1/uploads/sent.py`, { method: 'PUT', body: text });
    expect(await (await send('import time; time.sleep(0.2); print("old", open(__file__).read().count("old"))')).json()).toMatchObject({
      name: 'sent.py',
      reference: 'upload:sent.py',
    });
    const id = await run({ file: 'upload:sent.py' });
    expect((await send('print("new")')).status).toBe(200);
    expect((await until(id, 'success')).log).toEqual(['old 2']);
    expect((await until(await run({ file: 'upload:sent.py' }), 'success')).log).toEqual(['new']);
    expect((await house.ask<{ items: { name: string }[] }>('GET', '/api/v1/uploads')).body.items.map(({ name }) => name)).toEqual([
      'sent.py',
    ]);
    expect((await house.ask('DELETE', '/api/v1/uploads/sent.py')).status).toBe(204);
    expect((await house.ask('GET', '/api/v1/uploads/sent.py')).status).toBe(404);
    expect((await fetch(`${house.url}/api/v1/uploads/..%2f..%2fx`, { method: 'PUT', body: 'x' })).status).toBeGreaterThanOrEqual(400);
  });

  test('of SQL prints what its queries answer, with all digits, and stops at the first that fails', async () => {
    const file = put(
      'flows.sql',
      "-- a; comment\nselect src_comp, byte_count from flows order by id;\nselect 9007199254740993 n, 'a;\tb' t, null z;\n;",
    );
    expect((await until(await run({ file }), 'success')).log).toEqual([
      'src_comp\tbyte_count',
      'C1\t5000',
      'C3\t99',
      'n\tt\tz',
      '9007199254740993\ta;\\tb\tNULL',
    ]);
    const failed = await until(await run({ file: put('bad.sql', "select 1 a;\n\ncopy flows to '/tmp/x';\nselect 2") }), 'dead');
    expect(failed.log.join('\n')).toMatch(/^a\n1\nline 3: [\s\S]*exit code 1$/);
  });

  test('that is deleted takes all of its processes along', async () => {
    const file = put(
      'tree.py',
      'import subprocess, time\nchild = subprocess.Popen(["setsid", "sleep", "600"])\nprint("child", child.pid, flush=True)\ntime.sleep(600)',
    );
    const id = await run({ file, name: 'tree' });
    const pid = Number((await saying(id, /child (\d+)/))[1]);
    expect((await house.ask<{ msg: string }>('POST', '/batches', { file, name: 'tree' })).body.msg).toBe(
      'Rejected, Reason: Duplicate session name: tree',
    );
    expect((await house.ask('DELETE', `/batches/${id}`)).status).toBe(200);
    expect(isAlive(pid)).toBe(false);
  });

  test.each(['is deleted', 'has lost its keeper'])('that %s takes what is somebody else all the time along', async (what) => {
    const folder = mkdtempSync(join(shelf, 'wanders-'));
    const file = put(
      'wanders.py',
      `import os, subprocess, time\nsubprocess.run(${JSON.stringify(wanderer)}, cwd=${JSON.stringify(folder)})\nprint("keeper", os.getppid(), flush=True)\ntime.sleep(600)`,
    );
    const id = await run({ file });
    const [, keeper] = await saying(id, /keeper (\d+)/);
    expect(await wanders(folder)).toBe(true);
    if (what === 'is deleted') await house.ask('DELETE', `/batches/${id}`);
    else {
      process.kill(Number(keeper), 'SIGKILL');
      await until(id, 'dead');
    }
    expect(await wanders(folder)).toBe(false);
  });

  test('that is stopped is killed, and keeps its log', async () => {
    const id = await run({ file: put('long.py', 'import time\nprint("on", flush=True)\ntime.sleep(600)') });
    await saying(id, /on/);
    expect((await house.ask('POST', `/api/v1/batches/${id}/stop`)).body).toMatchObject({ state: 'killed' });
    expect((await logOf(id)).log[0]).toBe('on');
  });
});

describe('when the server goes away', () => {
  test('R10: batches go on, and have their right end afterwards', async () => {
    const gate = join(shelf, 'gate');
    const file = put(
      'waits.py',
      `import os, sys, time\nprint("waiting", flush=True)\nwhile not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.02)\nsys.exit(int(sys.argv[1]))`,
    );
    const [meanwhile, failing] = [await run({ file, args: [0] }), await run({ file, args: [5] })];
    const later = await run({
      file: put(
        'later.py',
        file &&
          `import os, time\nprint("later", flush=True)\nwhile not os.path.exists(${JSON.stringify(`${gate}2`)}): time.sleep(0.02)\nprint("done")`,
      ),
    });
    for (const id of [meanwhile, failing]) await saying(id, /waiting/);
    await saying(later, /later/);
    await house.end('SIGKILL');
    writeFileSync(gate, '');
    const folders = [meanwhile, failing].map((id) => join(house.data, 'batches', String(id)));
    await eventually(
      () => folders.every((folder) => existsSync(join(folder, 'end.json'))),
      (all) => all,
    );
    await house.start();
    expect((await ended(meanwhile)).state).toBe('success');
    expect(await ended(failing)).toMatchObject({ state: 'dead', log: expect.arrayContaining([expect.stringMatching(/exit code 5$/)]) });
    expect((await house.ask('GET', `/batches/${later}/state`)).body.state).toBe('running');
    writeFileSync(`${gate}2`, '');
    expect((await until(later, 'success')).log).toEqual(['later', 'done']);
    expect(await run({ file: put('ok.py', '') })).toBe(later + 1);
  });

  test('one whose keeper was killed is dead, and so is its program', async () => {
    const id = await run({ file: put('kept.py', 'import os, time\nprint("pid", os.getpid(), os.getppid(), flush=True)\ntime.sleep(600)') });
    const [, pid, keeper] = (await saying(id, /pid (\d+) (\d+)/)).map(Number);
    process.kill(keeper as number, 'SIGKILL');
    expect((await until(id, 'dead')).log.at(-1)).toMatch(/what keeps it was killed/);
    await gone(pid as number);
    expect(readdirSync(join(house.data, 'batches', String(id)))).not.toContain('start.json');
  });
});

describe.skipIf(!hasSpark)('a batch of Spark', { timeout: 240_000 }, () => {
  const conf = { ...quickConf, 'spark.my.secret': 'hidden=ü \\ text' };
  beforeAll(async () => {
    house = new House([`sessions.files=${shelf}`]);
    opened.push(house);
    await open(house);
  });

  test('runs under spark-submit with its properties, none of them among the words of a process', async () => {
    const file = put(
      'job.py',
      'import subprocess, sys, mine\nfrom pyspark import SparkContext\nsc = SparkContext.getOrCreate()\nprint("RESULT", sc.parallelize(range(10), 2).count(), mine.value, sys.argv[1:], sc.getConf().get("spark.my.secret"), sc.appName, "hidden" in subprocess.getoutput("ps axww -o args"))',
    );
    const id = await run({ file, args: ['x'], conf, name: 'sparking', driverMemory: '512m', pyFiles: [put('mine.py', 'value = 41')] });
    const last = await ended(id);
    expect([last.state, (await logOf(id)).log.filter((line) => line.startsWith('RESULT'))]).toEqual([
      'success',
      ["RESULT 10 41 ['x'] hidden=ü \\ text sparking False"],
    ]);
  });

  test('of SQL sees the flows', async () => {
    const file = put('spark.sql', "create temp view a as select 'x;\\'y' t;\nselect t, count(*) n from a, flows group by t;");
    const id = await run({ file, conf });
    expect((await ended(id)).state).toBe('success');
    const results = (await logOf(id)).log.filter((line) => line.includes('\t') && !/^\d\d\//.test(line));
    expect(results).toEqual(['t\tn', "x;'y\t2"]);
  });
});
