/** The commands of the jobs as people type them, each in a process of its own against a real server. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { House, pause } from './house.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const house = new House();
beforeAll(() => house.start());
afterAll(() => house.close());

type Said = { code: number; out: string; err: string };

/** Runs `weir` with words in the work folder of the house. */
async function call(...words: string[]): Promise<Said> {
  const env = { PATH: process.env.PATH ?? '', HOME: house.folder, NC_URL: house.url, NO_COLOR: '1', COLOUR: 'blue' };
  const child = spawn(weir, words, { cwd: house.work, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { code: 0, out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += String(text)));
  child.stderr.on('data', (text) => (said.err += String(text)));
  said.code = await new Promise((resolve) => child.once('close', resolve));
  return said;
}
const nc = (...words: string[]) => call('nc', ...words);
const run = async (...words: string[]): Promise<string> => (await nc('run', '-v', '1', ...words)).out.trim();

test('nc run tells of a job in the published ways', async () => {
  expect((await nc('run', '-v', '2', 'true')).out).toMatch(/^Job <\d{9}> is submitted\n$/);
  expect((await nc('run', '-v', '0', 'true')).out).toBe('');
  expect((await nc('run', '-r', 'linux64', 'sleep', '0.1')).out).toMatch(
    /^Fairshare= \/time\/users\.local\nResources= linux64\nEnv {6}= SNAPSHOT\(vnc_logs\/snapshots\/local\/linux64\/env\d+\.env\)\nCommand {2}= vw sleep 0\.1\nLogfile {2}= vnc_logs\/\d{8}\/\d{6}\.\d+\nJobId {4}= \d{9}\n$/,
  );
});

test('nc run -w waits, -wl shows the log as well, and both end as the job did', async () => {
  expect((await nc('run', '-v', '0', '-w', 'false')).code).toBe(1);
  expect(await nc('run', '-v', '0', '-wl', 'echo', 'hello')).toMatchObject({ code: 0, out: 'hello\n' });
});

test('nc run takes its environment along, or leaves it', async () => {
  expect((await nc('run', '-v', '0', '-wl', 'printenv', 'COLOUR')).out).toBe('blue\n');
  expect((await nc('run', '-v', '0', '-wl', '-ep', 'printenv', 'COLOUR')).out).toBe('blue\n');
  expect((await nc('run', '-v', '0', '-wl', '-e', 'BASE', 'printenv', 'COLOUR')).code).toBe(1);
});

test('every flag of nc run arrives', async () => {
  const flags = ['-l', 'own.log', '-p', '12.low', '-r', 'CORES/2 RAM/200', '-G', '/time/eda', '-J', 'nightly', '-kill', '1h', '-X', '5m'];
  const more = ['-D', '-F', '-P', 'A=1', '-P', 'B.x=two', '-set', 'all flags', '-preemptable', '1', '-autoforget', '-wrapper', 'vw', '--'];
  const id = await run(...flags, ...more, 'sleep', '30');
  expect(await house.job(id)).toMatchObject({
    logfile: 'own.log',
    priority: 12,
    resources: 'CORES/2 RAM/200',
    group: '/time/eda.local',
    name: 'nightly',
    time_limit: 3600,
    expected: 300,
    properties: { A: '1', 'B.x': 'two' },
    set: 'all flags',
    command: ['sleep', '30'],
  });
  await house.until(id, 'Running');
  expect(await nc('stop', '-f', id)).toMatchObject({ out: `Job <${id}> is being stopped\n`, code: 0, err: '' });
});

test.each([
  ['-Ix', /set DISPLAY/],
  ['-M ann@', /user or an address/],
  ['-i a.txt', /no job makes it/],
  ['-wrapper sudo', /only wrapper/],
  ['-p 16', /1 to 15/],
  ['-v many', /0 to 9/],
  ['-P =x', /NAME=VALUE/],
  ['-e csh', /SNAPSHOT, DEFAULT or BASE/],
  ['-C nothing', /no job class/],
  ['-q other', /no flag -q/],
])('nc run %s is refused with a word about it', async (flags, says) => {
  const { code, err } = await nc('run', ...flags.split(' '), 'true');
  expect(code).not.toBe(0);
  expect(err).toMatch(says);
});

test('flags are read in their order: the class overrides what stands before it', async () => {
  expect(
    (await call('jobs', 'class', 'set', 'short', 'priority=high', 'time_limit=10m', 'environment={"COLOUR":"red"}', '--server', house.url))
      .code,
  ).toBe(0);
  expect(await house.job(await run('-p', 'low', '-C', 'short', 'true'))).toMatchObject({ priority: 8, time_limit: 600, jobclass: 'short' });
  expect(await house.job(await run('-C', 'short', '-p', 'low', 'true'))).toMatchObject({ priority: 1, time_limit: 600 });
  expect((await nc('run', '-v', '0', '-wl', '-C', 'short', 'printenv', 'COLOUR')).out).toBe('red\n');
  expect((await nc('run', '-v', '0', '-wl', '-C', 'short', '-e', 'SNAPSHOT', 'printenv', 'COLOUR')).out).toBe('blue\n');
  expect((await nc('jobclass')).out).toMatch(/^class .*\nshort {2}priority time_limit environment\n$/);
  expect((await nc('jobclass', 'short')).out).toMatch(/time_limit {3}10m/);
});

test('nc list shows own jobs, in a form of one’s own if need be; nc info the six lines', async () => {
  const id = await run('-J', 'look', 'sleep', '30');
  await house.until(id, 'Running');
  expect((await nc('list', '-O', '@ID@ @STATUS:8@|@JOBNAME@')).out).toContain(`${id} Running |look\n`);
  expect(JSON.parse((await nc('list', '--json', '-s', 'Running')).out)).toMatchObject([{ id, state: 'Running' }]);
  expect((await nc('list', '-u', 'nobody')).code).toBe(0);
  expect((await nc('info', String(Number(id)))).out).toMatch(
    new RegExp(
      `^Job {13}${id}\nUser,Group {6}local,/time/users\\.local\nCommand {9}vw sleep 30 > vnc_logs/\\d{8}/\\d{6}\\.\\d+\nStatus {10}Running\n {3}Host {9}\\S+\n {3}Duration {5}\\d+s\n$`,
    ),
  );
  await nc('stop', '-f', id);
});

test('nc wait tells by its exit code how it ended, for ids and for sets', async () => {
  expect((await nc('wait', await run('true'))).code).toBe(0);
  expect((await nc('wait', await run('true'), await run('false'))).code).toBe(1);
  await run('-set', 'slow', 'sleep', '30');
  expect((await nc('wait', '-t', '1', '-set', 'slow')).code).toBe(2);
  expect((await nc('wait', '999999')).code).toBe(3);
  expect((await nc('stop', '-f', '-set', 'slow')).code).toBe(0);
  expect((await nc('wait', '-set', 'slow')).code).toBe(1);
  expect((await nc('forget', '-set', 'slow')).out).toMatch(/^Job <\d{9}> is forgotten\n$/);
});

test('nc rerun, forget -logs and clean', async () => {
  const id = await run('-w', 'true');
  expect((await nc('rerun', '-p', 'incr', id)).out).toBe(`Job <${id}> is queued again\n`);
  await nc('wait', id);
  expect(await house.job(id)).toMatchObject({ runs: 2, priority: 5 });
  const { logfile } = await house.job(id);
  expect((await nc('forget', id)).code).toBe(0);
  expect((await nc('forget', id)).code).toBe(1);
  expect(existsSync(join(house.work, logfile))).toBe(true);
  expect((await nc('clean', '-n')).out).toContain(`${logfile}\n`);
  expect((await nc('clean')).out).toContain(`${logfile}\n`);
  expect(existsSync(join(house.work, logfile))).toBe(false);
  expect(readdirSync(join(house.work, 'vnc_logs'))).toContain('snapshots');
});

test('nc cmd vovbrowser prints the address of the queue', async () => {
  expect((await nc('cmd', 'vovbrowser')).out).toBe(`${house.url}\n`);
  expect((await nc('cmd', 'vovbrowser', '-url', '/api/v3/jobs')).out).toBe(`${house.url}/api/v3/jobs\n`);
});

test('weir completion prints the alias when it is asked to', async () => {
  expect((await call('completion', 'bash', '--nc')).out).toMatch(/\nalias nc='weir nc'\n$/);
});

test('weir jobs submits, follows and shows', async () => {
  const at = ['--server', house.url];
  const id = (await call('jobs', 'submit', ...at, '--shell', 'for i in 1 2 3; do echo $i; sleep 0.1; done; exit 3')).out.trim();
  expect((await call('jobs', 'logs', '-f', ...at, id)).out).toBe('1\n2\n3\n');
  expect((await call('jobs', 'wait', ...at, id)).code).toBe(1);
  expect((await call('jobs', 'show', ...at, id)).out).toMatch(/^state +Failed: exit code 3$/m);
  expect((await call('jobs', 'top', ...at)).out).toMatch(/^ *id {2}status/);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)(
  'weir jobs top lives on the whole terminal [needs script of util-linux]',
  async () => {
    const id = await run('-J', 'live', 'sleep', '60');
    await house.until(id, 'Running');
    const terminal = new Terminal(`stty rows 12 cols 76; exec '${weir}' jobs top --server ${house.url}`);
    try {
      await terminal.shows(new RegExp(`${id} +Running`));
      const other = await run('-r', 'CORES/4', 'true');
      await terminal.shows(new RegExp(`${other} +Queued`)); // by push
      await terminal.type('ss', /by time/);
      await terminal.type('\x1b[B\x1b[Ax', new RegExp(`Stop job ${id}\\? y/n`));
      await terminal.type('y', new RegExp(`${id} +Failed`));
      await terminal.type('q', /\[\?1049l/);
      expect(await terminal.ended).toBe(0);
    } finally {
      terminal.close();
    }
  },
  60_000,
);

/** A command in a pseudo terminal; what it shows is waited for, and shown anew once that is asked for. */
class Terminal {
  readonly ended: Promise<number>;
  readonly #child: ReturnType<typeof spawn>;
  #said = '';

  constructor(command: string) {
    const env = { ...process.env, TERM: 'xterm', HOME: house.folder };
    // `exec` twice: a signal to `script` ends it, and with it the terminal and what lives there.
    const child = spawn('script', ['-qfec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdout.on('data', (text) => (this.#said += String(text)));
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    this.#child = child;
  }

  async type(keys: string, form: RegExp): Promise<void> {
    this.#said = '';
    this.#child.stdin?.write(keys);
    await this.shows(form);
  }

  async shows(form: RegExp): Promise<void> {
    onTestFailed(() => console.log(`the screen was to show ${form}: ${JSON.stringify(this.#said.slice(-2000))}`));
    while (!form.test(this.#said)) await pause(20);
  }

  close(): void {
    this.#child.kill('SIGTERM');
  }
}
