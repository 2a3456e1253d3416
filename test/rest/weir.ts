import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** Commands as a person runs them, with a cache and an environment of their own. */
export function openTerminal() {
  const folder = mkdtempSync(join(tmpdir(), 'weir-rest-'));
  const { GITHUB_TOKEN: _, GH_TOKEN: __, GITHUB_API_URL: ___, ...env } = process.env;
  const weir = async (words: string[], more: NodeJS.ProcessEnv = {}, input = '') => {
    const child = spawn(process.execPath, [main, ...words], {
      env: { ...env, XDG_CACHE_HOME: folder, NO_PROXY: '127.0.0.1,localhost', ...more },
    });
    child.stdin.end(input);
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((done) => child.once('exit', done))]);
    return { out, err, code };
  };
  return { weir, folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}
