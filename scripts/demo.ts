/**
 * `npm run demo`: a server of its own on a fresh data directory, the shipped capture in it, and the commands that a
 * newcomer would type next, with what they print. The server goes on until Ctrl-C; with `--once` it ends at once.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnLostReader } from '../src/cli/interrupt.ts';
import { loadConfig } from '../src/core/config.ts';
import { openDataFolder } from '../src/core/data-folder.ts';
import { createLog } from '../src/core/log.ts';
import { Problem } from '../src/core/problem.ts';
import { untilSignal } from '../src/core/shutdown.ts';
import { roomsOf, settings } from '../src/server/rooms.ts';
import { Server } from '../src/server/server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const capture = 'examples/loopback.pcap.gz';
const usualPort = 8080;
const log = createLog({ level: 'warn' });

async function main(): Promise<void> {
  exitOnLostReader();
  const data = await freshFolder();
  const { server, address } = await startServer(data);
  const isOver = untilSignal({ stop: () => server.stop(), log });
  say(`A server is running at ${address}, data in ${shown(data)}.`);
  await show(address, 'import', capture);
  await show(address, 'flows', 'top');
  await show(address, 'get', '/api/v1/stream/flows?limit=2');
  await show(address, 'get', '/api/v1/stream/flows?limit=2&format=xml');
  if (process.argv.includes('--once')) {
    await server.stop();
    say('');
    return;
  }
  say(`\nThe server goes on at ${address} until Ctrl-C. To try in another terminal:\n`);
  for (const command of nextSteps(address)) say(`  ${command}`);
  say(`\nThe reference of the API is at ${address}/docs.`);
  await isOver;
}

const nextSteps = (address: string): string[] => [
  `curl '${address}/api/v1/flows/top?by=port'`,
  `${variables(address)}bin/weir flows list proto udp`,
  `${variables(address)}bin/weir flows series --bucket 1s`,
];

const say = (text: string): void => void process.stdout.write(`${text}\n`);

// `weir` speaks to this address without being told.
const variables = (address: string): string => (address.endsWith(`127.0.0.1:${usualPort}`) ? '' : `WEIR_SERVER=${address} `);

/** `.weir/demo`, emptied; or a temporary folder where a demo is running there, or where it may not be written. */
async function freshFolder(): Promise<string> {
  const folder = join(root, '.weir', 'demo');
  try {
    mkdirSync(folder, { recursive: true });
    const held = await openDataFolder(folder, 'demo'); // throws where another process has it
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    await held.release();
    return folder;
  } catch {
    return mkdtempSync(join(tmpdir(), 'weir-demo-'));
  }
}

/** Starts on the usual port, or on any free one where that is taken. */
async function startServer(data: string): Promise<{ server: Server; address: string }> {
  try {
    return await startAt(usualPort, data);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return startAt(0, data);
  }
}

async function startAt(port: number, data: string): Promise<{ server: Server; address: string }> {
  // Neither configuration file nor environment: the demo shall be the same everywhere.
  const config = loadConfig(settings, { flags: { 'server.listen': `127.0.0.1:${port}` } });
  const server = new Server(config.server, { log, data, rooms: roomsOf(config) });
  return { server, address: await server.start() };
}

/** Prints a command and runs it, as a process of its own, on the demo's server. */
async function show(address: string, ...words: string[]): Promise<void> {
  say(`\n$ weir ${words.map(quoted).join(' ')}`);
  const command = spawn(join(root, 'bin/weir'), words, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, WEIR_SERVER: address },
  });
  const [code] = await once(command, 'close');
  if (code !== 0) throw new Error(`weir ${words[0]} ended with ${code}`);
}

const quoted = (word: string): string => (/[?&*]/.test(word) ? `'${word}'` : word);

const shown = (path: string): string => {
  const near = relative(process.cwd(), path);
  return existsSync(near) && !near.startsWith('..') ? `./${near}` : path;
};

await main();
