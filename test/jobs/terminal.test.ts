/** Jobs with a terminal: over the API, and from a real terminal through the commands; `script` (util-linux) is who has that terminal. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHouse, right } from '../access/house.ts';
import { House, pause, type Shown } from './house.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const house = new House();
beforeAll(() => house.start());
afterAll(() => house.close());

const terminalOf = (id: string): string => `${house.url}/api/v1/jobs/${id}/terminal`;

const submit = (command: string, more: object = {}): Promise<Shown> =>
  house.submit({ command, shell: true, interactive: true, environment: { PATH: '/usr/bin:/bin', TERM: 'dumb' }, ...more });

/** Looks on from now, as soon as there is something to see. */
async function watch(id: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  await house.until(id, 'Running');
  for (;;) {
    const answer = await fetch(terminalOf(id));
    if (answer.status === 200) return (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(answer.status).toBe(409);
    await pause(20);
  }
}

/** Reads until the words have been shown, or to the end. */
async function readTo(reader: ReadableStreamDefaultReader<Uint8Array>, words?: string): Promise<string> {
  let text = '';
  while (words === undefined || !text.includes(words)) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += Buffer.from(value).toString();
  }
  return text;
}

async function type(id: string, keys: string): Promise<number> {
  const headers = { 'content-type': 'application/octet-stream' };
  return (await fetch(terminalOf(id), { method: 'POST', headers, body: keys })).status;
}

describe('a job with a terminal', () => {
  test('sees one of the size that was said, hears what is typed, and its log has all of it', async () => {
    const program =
      'test -t 0 && test -t 1 && test -t 2 && stty size; echo ready; read line; stty size; echo "got $line"; read line; exit 5';
    const { id, links } = await submit(program, { interactive: { rows: 33, columns: 99 } });
    expect(links).toHaveProperty('terminal');
    const reader = await watch(id);
    expect(await readTo(reader, 'ready')).toBe('33 99\r\nready\r\n');
    expect((await house.ask('PUT', `/api/v1/jobs/${id}/terminal/size`, { rows: 50, columns: 120 })).status).toBe(204);
    expect(await type(id, 'one two\r')).toBe(204);
    expect(await readTo(reader, 'got one two')).toContain('50 120');
    expect(await type(id, '\x04')).toBe(204);
    await readTo(reader);
    expect(await house.until(id, 'Failed')).toMatchObject({ exit_code: 5, interactive: true });
    expect(await house.log(id)).toMatch(/^33 99\r\nready\r\none two\r\n50 120\r\ngot one two\r\n/);
    expect(await type(id, 'more')).toBe(409);
  });

  test('is interrupted by Ctrl-C, as programs at a terminal are', async () => {
    const { id } = await submit('echo ready; exec sleep 60');
    await readTo(await watch(id), 'ready');
    await type(id, '\x03');
    expect(await house.until(id, 'Failed')).toMatchObject({ cause: 'signal', signal: 2 });
  });

  test('shows all that it has said to who looks on at his own pace, before it is over', async () => {
    const { id } = await submit('stty -opost; sleep 0.3; seq 1 300000; echo end');
    const reader = await watch(id);
    await pause(500); // it waits meanwhile: nothing is kept for those who do not read
    const text = await readTo(reader);
    expect(text.length).toBe(text.indexOf('end') + 4);
    expect(text).toContain('\n299999\n300000\nend');
    expect(await house.until(id, 'Done')).toMatchObject({ exit_code: 0 });
    expect((await house.log(id)).length).toBe(text.length);
  });

  test('is seen by several at once, also by one who comes late', async () => {
    const { id } = await submit('echo first; read line; echo "last $line"');
    const one = await watch(id);
    await readTo(one, 'first');
    const other = await watch(id);
    expect(await readTo(other, 'first')).toContain('first');
    await type(id, 'word\r');
    for (const reader of [one, other]) expect(await readTo(reader)).toContain('last word');
  });

  test('goes on when the server is killed, and its terminal with it', async () => {
    const { id } = await submit('echo before; read line; echo "after $line"; read line');
    await readTo(await watch(id), 'before');
    await house.end('SIGKILL');
    await house.start();
    const reader = await watch(id);
    await type(id, 'all\r');
    expect(await readTo(reader, 'after all')).toContain('before');
    await type(id, '\r');
    await house.until(id, 'Done');
  });

  test('lives as long as its program, which may close its streams before it exits and come back by /dev/tty', async () => {
    const { id } = await submit('echo ready; exec <&- >&- 2>&-; sleep 0.3; echo back > /dev/tty; exec sleep 0.2');
    expect(await readTo(await watch(id))).toBe('ready\r\nback\r\n');
    expect(await house.until(id, 'Done')).toMatchObject({ exit_code: 0 });
    expect(await house.log(id)).toBe('ready\r\nback\r\n');
  });

  test('ends with what it has left behind, when it is stopped', async () => {
    const { id } = await submit('sleep 61.25 & setsid sleep 61.25 & trap "" TERM HUP; echo ready; wait; sleep 60');
    const reader = await watch(id);
    await readTo(reader, 'ready');
    await house.ask('POST', `/api/v1/jobs/${id}/stop`);
    await readTo(reader);
    expect(await house.until(id, 'Failed')).toMatchObject({ cause: 'stopped' });
  });

  test('is refused where it makes no sense', async () => {
    await expect(submit('true', { array: '0-3' })).rejects.toThrow(/an array has no terminal/);
    await expect(submit('true', { interactive: { rows: 0, columns: 80 } })).rejects.toThrow(/rows/);
    await expect(submit('true', { interactive: false })).rejects.toThrow(/expected true/);
    const { id } = await house.submit({ command: ['sleep', '30'] });
    expect(await type(id, 'x')).toBe(404);
    expect(await atTerminal(`jobs attach ${id} --server ${house.url}`)).toMatchObject({
      code: 3,
      out: expect.stringContaining('has no terminal'),
    });
    await house.ask('POST', `/api/v1/jobs/${id}/kill`);
  });
});

test('a terminal is for the owner of its job and administrators', async () => {
  const guarded = await openHouse(['jobs.cores=4', 'jobs.grace=500ms']);
  const { admin, operator, viewer } = await guarded.addStaff();
  await guarded.ask('POST', '/api/v1/users', { token: admin, json: { name: 'olga', role: 'operator', password: right } });
  const olga = await guarded.logIn('olga');
  const json = { command: ['cat'], interactive: true, directory: guarded.folder };
  const { body } = await guarded.ask('POST', '/api/v1/jobs', { token: operator, json });
  const path = `/api/v1/jobs/${String(body.id)}`;
  const resize = async (token: string) =>
    (await guarded.ask('PUT', `${path}/terminal/size`, { token, json: { rows: 30, columns: 90 } })).status;
  while ((await resize(operator)) === 409) await pause(20); // its terminal is being made
  for (const token of [olga, viewer]) {
    expect((await guarded.ask('GET', `${path}/terminal`, { token })).status).toBe(403);
    expect(await resize(token)).toBe(403);
    expect((await guarded.ask('GET', path, { token })).body.links).not.toHaveProperty('terminal');
  }
  for (const token of [operator, admin]) expect(await resize(token)).toBe(204);
  await guarded.ask('POST', `${path}/kill`, { token: operator });
  while ((await guarded.ask('GET', path, { token: operator })).body.state !== 'Failed') await pause(20);
  await guarded.close();
});

/** A command at a terminal of its own: types when the words have been shown. */
async function atTerminal(words: string, ...steps: [shown: string | RegExp, keys: string][]): Promise<{ code: number; out: string }> {
  const env = { PATH: process.env.PATH ?? '', HOME: house.folder, NC_URL: house.url, TERM: 'dumb', NO_COLOR: '1' };
  const child = spawn('script', ['-qec', `${weir} ${words}`, '/dev/null'], { cwd: house.work, env, stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (text) => {
    out += String(text);
    const [next] = steps;
    if (next === undefined || !(typeof next[0] === 'string' ? out.includes(next[0]) : next[0].test(out))) return;
    steps.shift();
    child.stdin.write(next[1]);
  });
  return { code: await new Promise<number>((resolve) => child.once('close', resolve)), out };
}

describe('the commands', () => {
  test('nc run -I is the program at this terminal, and ends as it does', async () => {
    const { code, out } = await atTerminal(`nc run -v 0 -I sh -c 'tty; echo ready; read word; echo "heard $word"; exit 7'`, [
      'ready',
      'abc\r',
    ]);
    expect(out).toMatch(/^\/dev\/pts\/\d+\r+\nready\r+\n/);
    expect(out).toContain('heard abc');
    expect(code).toBe(7);
  });

  test('nc run -Ir gives Ctrl-C to the program, -Il takes it to stop the job', async () => {
    const program = `sh -c 'trap "echo caught; exit 9" INT; trap "" TERM; echo ready; while :; do sleep 0.1; done'`;
    expect(await atTerminal(`nc run -v 0 -Ir ${program}`, ['ready', '\x03'])).toMatchObject({
      code: 9,
      out: expect.stringContaining('caught'),
    });
    const local = await atTerminal(`nc run -v 0 -Il ${program}`, ['ready', '\x03']);
    expect(local.out).not.toContain('caught');
    expect(local.code).toBe(137);
  });

  test('Ctrl-] leaves a job to itself, and weir jobs attach comes back to it', async () => {
    const left = await atTerminal(`jobs submit --terminal --server ${house.url} -- sh -c 'echo ready; read x; exit 3'`, ['ready', '\x1d']);
    const id = /weir jobs attach (\d+)/.exec(left.out)?.[1] as string;
    expect(left.code).toBe(0);
    expect(await house.job(id)).toMatchObject({ state: 'Running' });
    expect(await atTerminal(`jobs attach ${id} --server ${house.url}`, ['ready', '\r'])).toMatchObject({ code: 3 });
  });

  test('what is piped into nc run -I is typed', async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: house.folder, NC_URL: house.url };
    const child = spawn(weir, ['nc', 'run', '-v', '0', '-I', 'cat'], { cwd: house.work, env, stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (text) => (out += String(text)));
    child.stdin.end('some words\n');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(out).toBe('some words\r\nsome words\r\n');
  });

  test('nc run -Ix needs a display, and takes it along', async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: house.folder, NC_URL: house.url };
    const run = async (more: object) => {
      const child = spawn(weir, ['nc', 'run', '-v', '0', '-Ix', '-e', 'BASE', 'printenv', 'DISPLAY'], {
        cwd: house.work,
        env: { ...env, ...more },
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
      return { code: await new Promise((resolve) => child.once('close', resolve)), said };
    };
    expect(await run({})).toMatchObject({ code: 2, said: expect.stringContaining('DISPLAY') });
    expect(await run({ DISPLAY: 'desk:0' })).toEqual({ code: 0, said: 'desk:0\n' });
  });
});
