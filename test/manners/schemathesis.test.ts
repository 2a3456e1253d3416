/**
 * schemathesis over the whole OpenAPI document of a running server, all of its checks; `schemathesis.toml` says what is left out and
 * why. WEIR_TEST_ALL=1 asks for all that the descriptions rule out, too (ten times as long), SCHEMATHESIS_EXAMPLES=200 for more examples.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type House, openHouse } from '../access/house.ts';
import { openEndingProxy } from './ending-proxy.ts';

const program = new URL('.venv/bin/schemathesis', import.meta.url).pathname;
const config = new URL('schemathesis.toml', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-schemathesis-'));
afterAll(() => rmSync(folder, { recursive: true }));

const examples = process.env.SCHEMATHESIS_EXAMPLES;
const isLong = process.env.WEIR_TEST_ALL === '1' || examples !== undefined;

/** A usual run takes less than a minute of a quiet machine; this is for one that hangs, in milliseconds. */
const patience = isLong ? 24 * 3600 * 1000 : 900_000;

test.skipIf(!existsSync(program))(
  'schemathesis finds nothing to say about the API [needs schemathesis: bash scripts/setup]',
  async () => {
    const house = await openHouse([
      'server.rateLimit.user=0',
      'server.rateLimit.address=0',
      'server.headerLimit=1MiB',
      'keys.listen=',
      'jobs.cores=1',
      'jobs.grace=1s',
      'sessions.enabled=never',
      'scans.enabled=never',
    ]);
    const proxy = await openEndingProxy(house.url);
    try {
      const { admin } = await house.addStaff();
      const held = await holdJobs(house, admin);
      const token = await personalToken(house, admin);
      const { status, output } = await run(proxy.url, token);
      await letGo(house, token, held);
      expect(output.slice(-20_000)).not.toMatch(/Server error|ST1\d\d|ST2\d\d|Network Error|Authentication failed: \d\d/);
      expect(status, output.slice(-20_000)).toBe(0);
    } finally {
      await proxy.close();
      await house.close();
    }
  },
  patience,
);

/** Jobs that take the only core, one after the other: programs that nobody has chosen are queued, and never run. */
async function holdJobs(house: House, token: string): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < 5; at++) {
    const { status, body, text } = await house.ask('POST', '/api/v1/jobs', { token, json: { command: ['sleep', '600'], priority: 15 } });
    expect(status, text).toBe(201);
    ids.push(String(body.id));
  }
  return ids;
}

/** Ends all jobs, those that wait first. */
async function letGo(house: House, token: string, held: readonly string[]): Promise<void> {
  const { body } = await house.ask('GET', '/api/v1/jobs?per_page=1000&sort=-id', { token });
  const ids = (body.items as { id: string }[]).map(({ id }) => id).filter((id) => !held.includes(id));
  for (const id of [...ids, ...held.toReversed()]) await house.ask('POST', `/api/v1/jobs/${id}/kill`, { token });
}

/** One that outlives logouts, new passwords and rotated keys, all of which are asked for. */
async function personalToken(house: House, token: string): Promise<string> {
  const { status, body, text } = await house.ask('POST', '/api/v1/tokens', { token, json: { title: 'schemathesis' } });
  expect(status, text).toBe(201);
  return String(body.token);
}

async function run(url: string, token: string): Promise<{ status: number | null; output: string }> {
  const own = join(folder, 'schemathesis.toml');
  const text = readFileSync(config, 'utf8');
  writeFileSync(own, isLong ? text.replace('mode = "positive"', 'mode = "all"') : text);
  const words = ['--config-file', own, 'run', `${url}/openapi.json`, '-H', `Authorization: Bearer ${token}`, '--no-color'];
  if (examples !== undefined) words.push('--max-examples', examples);
  // It leaves files where it runs.
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text.replaceAll(/0{80,}/g, '0…0')));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}
