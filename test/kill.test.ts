/**
 * Weir is killed (SIGKILL) at random moments while it imports, seals and merges, again and again on one data directory.
 * After each kill the store must be whole: what was acknowledged is there, everything else is there whole or not at all.
 *
 *   WEIR_SEED=42 vitest run test/kill.test.ts     the same moments again, as far as the machine lets them be
 *   WEIR_KILLS=200 vitest run test/kill.test.ts   more of them
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocalFlows } from '../src/flows/local.ts';

const weir = new URL('../bin/weir', import.meta.url).pathname;
const run = promisify(execFile);
const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000);
const kills = Number(process.env.WEIR_KILLS ?? 10);

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
let state = seed;
const random = (): number => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};
const between = (low: number, high: number): number => Math.floor(low + random() * (high - low));

let folder = '';
let data = '';
/** Imports that were begun: the name tells how many flows each brings. */
const begun = new Map<string, number>();
/** Names of those that Weir said are done. */
const acknowledged = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-kill-'));
  data = join(folder, 'data');
  // The first kill may come before there is a store to check.
  await (await openLocalFlows(data)).close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A LANL file of its own content: small ones become hot flows, the largest sealed files of three days. */
const nextFile = (): { name: string; text: string } => {
  const rows = [300, 300, 300, 5000, 5000, 110_000][between(0, 6)] as number;
  const name = `k${begun.size + 1}`;
  begun.set(name, rows);
  const step = (3 * 86_400) / rows;
  const lines = Array.from(
    { length: rows },
    (_, at) => `${1 + Math.floor(at * step)},1,${name},N${at % 50},the-computer-with-number-${at % 77},443,6,2,${at + 1}`,
  );
  return { name, text: lines.join('\n') };
};

type Server = { process: ChildProcess; url: string; ended: Promise<unknown> };

/** What a program may take that does not hang, however busy the machine. */
const patience = 90_000;

const serve = async (): Promise<Server> => {
  const server = spawn(weir, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--set', 'flows.seal.every=1s']);
  const ended = once(server, 'exit');
  const timer = setTimeout(() => server.kill('SIGKILL'), patience);
  let [said, complained] = ['', ''];
  server.stderr.on('data', (chunk) => {
    complained += String(chunk);
  });
  for await (const chunk of server.stdout) {
    said += String(chunk);
    const url = /http:\/\/[\w.:[\]]+/.exec(said)?.[0];
    if (url === undefined) continue;
    clearTimeout(timer);
    return { process: server, url, ended };
  }
  throw new Error(`the server did not start (${await ended}): ${said}${complained}`);
};

/** Imports one file after the other over HTTP until the server is gone. */
const importOverHttp = async (url: string): Promise<void> => {
  for (;;) {
    const { name, text } = nextFile();
    const answer = await fetch(`${url}/api/v1/imports?name=${name}`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'text/csv' },
    });
    let record = (await answer.json()) as { id: number; state: string };
    while (record.state !== 'done') {
      if (record.state === 'failed' || answer.status >= 400) throw new Error(`import ${name}: ${JSON.stringify(record)}`);
      await sleep(5);
      record = (await (await fetch(`${url}/api/v1/imports/${record.id}`)).json()) as { id: number; state: string };
    }
    acknowledged.add(name);
  }
};

const sealOverHttp = async (url: string): Promise<void> => {
  for (;;) {
    await sleep(150);
    const answer = await fetch(`${url}/api/v1/flows/seal`, { method: 'POST' });
    if (answer.status >= 400) throw new Error(`sealing: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
};

/** A fault that the death of the server explains. */
const isHangUp = (error: unknown): boolean => error instanceof TypeError;

const killServer = async (): Promise<void> => {
  const server = await serve();
  const work = [importOverHttp(server.url), importOverHttp(server.url), sealOverHttp(server.url)];
  const settled = Promise.allSettled(work);
  await Promise.race([sleep(between(100, 3500)), ...work.map((one) => one.catch(() => undefined))]);
  server.process.kill('SIGKILL');
  await server.ended;
  for (const end of await settled) if (end.status === 'rejected' && !isHangUp(end.reason)) throw end.reason;
};

const killCommand = async (): Promise<void> => {
  const { name, text } = nextFile();
  const file = join(folder, name);
  await writeFile(file, text);
  const command = spawn(weir, ['import', file, '--data', data, '--quiet'], { stdio: 'ignore' });
  const ended = once(command, 'exit');
  const timer = setTimeout(() => command.kill('SIGKILL'), between(300, 3000));
  const [code, signal] = (await ended) as [number | null, string | null];
  clearTimeout(timer);
  if (code === 0) acknowledged.add(name);
  else if (signal !== 'SIGKILL') throw new Error(`weir import ended with ${code ?? signal}`);
  await rm(file);
};

const verify = async (): Promise<void> => {
  const checked = await run(weir, ['check', '--data', data, '--json'], { timeout: patience });
  expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, findings: [] });
  const flows = await openLocalFlows(data);
  try {
    const names = new Map((await flows.imports()).filter((record) => record.state === 'done').map((record) => [record.id, record.name]));
    const { items } = await flows.top({ by: 'source', metric: 'flows', limit: 1000 });
    const found = new Map(items.map((item) => [names.get(Number(item.key)), item.flows]));
    for (const name of acknowledged) expect(`${name}: ${found.get(name)}`).toBe(`${name}: ${begun.get(name)}`);
    for (const [name, count] of found) expect(`${name}: ${count}`).toBe(`${name}: ${begun.get(name as string)}`);
    expect(found.size).toBe(names.size);
  } finally {
    await flows.close();
  }
  const staged = await readdir(join(data, 'staging'), { recursive: true });
  expect(staged.filter((name) => name !== 'spill')).toEqual([]);
};

test(`stays whole through ${kills} kills (WEIR_SEED=${seed})`, { timeout: 60_000 + kills * 20_000 }, async () => {
  for (let round = 0; round < kills; round++) {
    await (random() < 0.6 ? killServer() : killCommand());
    await verify();
  }
  console.info(`kill -9: seed ${seed}, ${kills} kills, ${begun.size} imports begun, ${acknowledged.size} acknowledged`);
  expect(acknowledged.size).toBeGreaterThan(0);
});
