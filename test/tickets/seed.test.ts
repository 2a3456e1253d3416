/**
 * The published programs that keep tickets as keys, as they are but for the address: the menu program, the ticket API on
 * Flask, and the session of curl that goes with it. Their text is not part of this project: WEIR_SEEDS names its folder.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningServer } from '../flows/running-server.ts';

const seeds = process.env.WEIR_SEEDS;
// The system's own Python has the modules of its packages, whichever Python comes first on the path.
const pythonWith = (module: string): string | undefined =>
  ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', `import ${module}`]).status === 0);
const needs = (program: string): string => `[needs WEIR_SEEDS: the folder with the published texts; and ${program}]`;
const python = seeds === undefined ? undefined : pythonWith('requests');
const pythonWithFlask = seeds === undefined ? undefined : pythonWith('flask, requests');

let text = '';
let folder = '';
// One for all: the session of curl comes first, since it begins with the tenth change.
let server: RunningServer;
beforeAll(async () => {
  if (seeds === undefined) return;
  server = await RunningServer.start();
  folder = mkdtempSync(join(tmpdir(), 'weir-seed-'));
  const texts = readdirSync(seeds).map((name) => readFileSync(join(seeds, name), 'utf8'));
  text = texts.find((one) => one.includes('etcdTicketApp.py')) ?? '';
  expect(text).not.toBe('');
});
afterAll(async () => {
  if (folder !== '') rmSync(folder, { recursive: true });
  await server?.stop();
});

/** What stands between two marks, the first one included. */
function between(begin: string, end: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the text has no ${begin.slice(0, 40)}`);
  return text.slice(from, to);
}

const atServer = (program: string): string => program.replaceAll('http://127.0.0.1:2379', server.url);

/** Texts in which each ticket's number is replaced by the order in which numbers first came up. */
function unnumbered(output: string): string {
  const seen: string[] = [];
  return output.replace(/[0-9]{20}/g, (id) => {
    if (!seen.includes(id)) seen.push(id);
    return `#${seen.indexOf(id)}`;
  });
}

/** The commands of the session, each with what it prints. */
function session(): { command: string; output: string }[] {
  const lines = text.slice(text.indexOf('student@bchd:~$ curl localhost:2224')).split('\n');
  const steps: { command: string; output: string }[] = [];
  for (let at = 0; at < lines.length; at++) {
    const command = /^student@bchd:~\$ (curl .*)$/.exec(lines[at] as string)?.[1];
    if (command === undefined) continue;
    let from = at + 1;
    while (lines[from] === '') from++;
    const to = lines[from] === '{' ? lines.indexOf('}', from) : from;
    steps.push({ command, output: lines.slice(from, to + 1).join('\n') });
  }
  return steps;
}

/** Writes keys until the next one gets the number that the session begins with. */
async function wind(first: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${server.url}/v2/keys/winding`, { method: 'PUT', body: new URLSearchParams({ value: 'x' }) });
    const index = Number(answer.headers.get('x-etcd-index'));
    if (index >= first) throw new Error(`a fresh server begins at ${index}`);
    if (index === first - 1) return;
  }
}

test.skipIf(seeds === undefined)(`the session of curl prints what is published, number for number ${needs('curl')}`, async () => {
  await wind(10);
  const steps = session();
  expect(steps.length).toBe(12);
  for (const { command, output } of steps) {
    const printed = execFileSync('sh', ['-c', command.replace('curl localhost:2224', `curl -s ${server.url}`)], { encoding: 'utf8' });
    expect([command, printed.trimEnd()]).toEqual([command, output]);
  }
});

const dialogue = (id: string): string =>
  [
    '1',
    '3',
    'Switch is down',
    '',
    '',
    '3',
    'Printer: 100 % of "nothing" & <more>',
    '1',
    '2',
    id,
    '2',
    '4711',
    '4',
    id,
    'Switch is up',
    '4',
    '4711',
    'x',
  ].join('\n') + ['', '5', id, '1', '42', '99', '1', '6', ''].join('\n');

test.skipIf(python === undefined)(
  `the menu program runs on Weir, and the desk says what it says ${needs('python3-requests')}`,
  async () => {
    const file = join(folder, 'etcdTicketApp.py');
    writeFileSync(file, atServer(between('#!/usr/bin/python3\n"""Russell', 'Save and exit')));
    const next = async () => {
      const answer = await fetch(`${server.url}/v2/keys/none`);
      return String(Number(answer.headers.get('x-etcd-index')) + 1).padStart(20, '0');
    };
    const theirs = execFileSync(python as string, [file], { input: dialogue(await next()), encoding: 'utf8' });
    const weir = new URL('../../src/main.ts', import.meta.url).pathname;
    const ours = execFileSync(process.execPath, [weir, 'tickets', 'desk', '--server', server.url], {
      input: dialogue(await next()),
      encoding: 'utf8',
    });
    expect(unnumbered(theirs)).toContain(
      'For #0:\n    Updated Ticket Description - Switch is up\n    Old Ticket Description - Switch is down',
    );
    expect(unnumbered(ours)).toBe(unnumbered(theirs));
  },
);

test.skipIf(pythonWithFlask === undefined)(
  `the API on Flask runs on Weir's keys and answers what Weir itself answers ${needs('python3-flask')}`,
  async () => {
    const port = await freePort();
    const file = join(folder, 'etcd_api.py');
    const program = between('from flask import Flask, request\nimport requests', 'Start up your etcd ticket API');
    writeFileSync(file, atServer(program).replace('port=2224', `port=${port}`));
    // A group of its own: its debugger starts a second process.
    const flask = spawn(pythonWithFlask as string, [file], { detached: true, stdio: 'ignore' });
    try {
      await untilAnswers(`http://127.0.0.1:${port}/tickets`);
      const replay = async (base: string) => {
        const answers: string[] = [];
        const steps = session();
        const ids: string[] = [];
        for (const { command } of steps) {
          const own = command.replace(/0{18}1([0-9])/g, (_, digit: string) => ids[Number(digit)] ?? '');
          const { stdout, status } = spawnSync('sh', ['-c', own.replace('curl localhost:2224', `curl -s ${base}`)], { encoding: 'utf8' });
          if (/-X POST/.test(command)) ids.push(stdout);
          // Its PUT answers a status line that is none; what it did shows in the next answer.
          if (!/-X PUT/.test(command)) answers.push(`${own}: ${status} ${stdout}`);
        }
        return unnumbered(answers.join('\n')).replace(base, '');
      };
      const theirs = await replay(`http://127.0.0.1:${port}`);
      const ours = await replay(server.url);
      expect(ours.replace('{\n    "msg": "You just', '{\n  "msg": "You just')).toBe(theirs);
    } finally {
      const gone = once(flask, 'exit');
      process.kill(-(flask.pid as number), 'SIGKILL');
      await gone;
    }
  },
);

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

async function untilAnswers(url: string): Promise<void> {
  while ((await fetch(url).catch(() => undefined)) === undefined) await sleep(50);
}
