/**
 * schemathesis over the whole OpenAPI document of a running server, all of its checks; `schemathesis.toml` says what is left out and
 * why. A longer run: SCHEMATHESIS_EXAMPLES=200 npx vitest run test/manners/schemathesis.test.ts
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openHouse } from '../access/house.ts';

const program = new URL('.venv/bin/schemathesis', import.meta.url).pathname;
const config = new URL('schemathesis.toml', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'weir-schemathesis-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A usual run has to end in this time, in milliseconds; with more examples nobody counts. */
const patience = process.env.SCHEMATHESIS_EXAMPLES === undefined ? 170_000 : 24 * 3600 * 1000;

test.skipIf(!existsSync(program))(
  'schemathesis finds nothing to say about the API [needs schemathesis: bash scripts/setup]',
  async () => {
    const house = await openHouse(['server.rateLimit.user=0', 'server.rateLimit.address=0', 'keys.listen=']);
    try {
      const { admin } = await house.addStaff();
      const { status, output } = await run(house.url, admin);
      expect(output.slice(-20_000)).not.toMatch(/Server error|ST1\d\d|ST2\d\d|Network Error/);
      expect(status, output.slice(-20_000)).toBe(0);
    } finally {
      await house.close();
    }
  },
  patience,
);

async function run(url: string, token: string): Promise<{ status: number | null; output: string }> {
  const examples = process.env.SCHEMATHESIS_EXAMPLES;
  const words = ['--config-file', config, 'run', `${url}/openapi.json`, '-H', `Authorization: Bearer ${token}`, '--no-color'];
  if (examples !== undefined) words.push('--max-examples', examples);
  // It leaves files where it runs.
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text.replaceAll(/0{80,}/g, '0…0')));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}
