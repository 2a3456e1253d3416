/** What `weir doctor` checks of the place that Weir works at: the data directory, its disk, and the address of the server. */
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Holder, readHolder } from '../core/data-folder.ts';
import { Client } from './client.ts';
import type { Finding } from './finding.ts';
import { formatBytes } from './format.ts';
import { reviveProblem } from './revive-problem.ts';
import { parseServer } from './server-address.ts';

/** Whether the data directory can be written (or made), and which process works on it. */
export async function checkDataFolder(folder: string): Promise<Finding> {
  const code = 'data';
  const facts = await stat(folder).catch(() => undefined);
  if (facts && !facts.isDirectory())
    return { level: 'error', code, text: `${folder} is no directory`, fix: 'name another one: --data DIR' };
  const place = facts ? folder : await nearestExisting(folder);
  const user = process.env.USER || process.env.LOGNAME || String(process.getuid?.() ?? '');
  if (!(await isWritable(place))) {
    const fix = `sudo mkdir -p ${folder} && sudo chown ${user} ${folder}   (or --data DIR)`;
    return { level: 'error', code, text: `the data directory ${folder} cannot be written`, fix };
  }
  if (!facts) return { level: 'ok', code, text: `the data directory ${folder} is not there yet; weir serve makes it` };
  const holder = livingHolder(folder);
  if (holder === undefined) return { level: 'ok', code, text: `the data directory ${folder} is free to use` };
  const { pid, command, address } = holder;
  const way = address === undefined ? 'wait until it ends' : `work on it by --server ${address}`;
  return { level: 'ok', code, text: `the data directory ${folder} is held by process ${pid} (weir ${command}): ${way}` };
}

const isWritable = (path: string): Promise<boolean> =>
  access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );

async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const above = dirname(resolve(path));
  return found || above === path ? path : nearestExisting(above);
}

// A process that was killed leaves its words behind, so it must be alive too.
function livingHolder(folder: string): Holder | undefined {
  const holder = readHolder(folder);
  if (holder === undefined) return undefined;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  return holder;
}

// Below the first, imports fail soon; below the second, one big capture would fill the disk.
const tooLittle = 512e6;
const little = 5e9;

/** How much room the disk of the data directory has. */
export async function checkDisk(folder: string): Promise<Finding> {
  const place = await nearestExisting(folder);
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const text = `${formatBytes(free)} free on the disk of ${folder}`;
  if (free >= little) return { level: 'ok', code: 'disk', text };
  const fix = `free some room (du -xh --max-depth=2 ${join(place)} | sort -h), or name another disk: --data DIR`;
  return { level: free < tooLittle ? 'error' : 'warning', code: 'disk', text: `only ${text}`, fix };
}

const answerWithinMs = 3000;

/** Who answers at the address: this Weir, another program, or nobody, so that the address is free. */
export async function checkServer(server: string): Promise<Finding> {
  const code = 'server';
  const { port, socketPath } = parseServer(server);
  const client = new Client(server);
  try {
    const { status, headers, body } = await client.exchange({ path: '/', signal: AbortSignal.timeout(answerWithinMs) });
    const text = Buffer.concat(await body.toArray()).toString('utf8');
    const root = status === 200 ? (tryJson(text) as { name?: unknown; version?: unknown } | undefined) : undefined;
    if (root?.name === 'weir') return { level: 'ok', code, text: `Weir ${root.version} answers at ${server}` };
    // A Weir that asks for a token or refuses this Host says so by problem+json; anything else is a foreign program.
    if (headers['content-type']?.startsWith('application/problem+json')) {
      return {
        level: 'warning',
        code,
        text: `a Weir answers at ${server} and refuses: ${reviveProblem(status, text).title}`,
        fix: 'weir get /',
      };
    }
    const what = `another program answers at ${server} (HTTP ${status})`;
    return { level: 'error', code, text: what, fix: 'weir serve --listen 127.0.0.1:0, or set WEIR_SERVER to the right address' };
  } catch (error) {
    return nobody(server, socketPath === undefined ? port : undefined, error);
  } finally {
    client.close();
  }
}

function nobody(server: string, port: number | undefined, error: unknown): Finding {
  const cause = (error as { cause?: NodeJS.ErrnoException }).cause;
  if (cause?.code === 'ECONNREFUSED' || cause?.code === 'ENOENT') {
    const place = port === undefined ? server : `port ${port} (${server})`;
    return { level: 'ok', code: 'server', text: `nobody answers at ${place}: free for weir serve` };
  }
  const why = cause?.message ?? (error as Error).message;
  return {
    level: 'warning',
    code: 'server',
    text: `${server} does not answer: ${why}`,
    fix: 'check the address: --server URL or WEIR_SERVER',
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON, so not a Weir
  }
}
