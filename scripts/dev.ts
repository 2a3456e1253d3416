/**
 * `npm run dev`: the server on `.weir/dev`, restarted whenever a source changes; the shipped capture in it; and a
 * synthetic exporter that sends it a few seconds of an office's traffic again and again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeOfficeCapture } from './office-traffic.ts';
import { Random } from './random.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const listen = process.env.WEIR_SERVER_LISTEN ?? '127.0.0.1:8080';
const address = `http://${listen}`;
const spanMs = 5000;
const sessionsPerSpan = 40;
const startTimeoutMs = 30_000;

async function main(): Promise<void> {
  const server = startServer();
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  void once(server, 'exit').then(() => ending.abort());
  try {
    await untilReady(ending.signal);
    await send(readFileSync(join(root, 'examples/loopback.pcap.gz')), 'examples/loopback.pcap.gz');
    process.stdout.write(`\n${addresses}\n\n`);
    await exportTraffic(ending.signal);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    await stop(server);
  }
}

const addresses = [
  `server     ${address}`,
  `reference  ${address}/docs`,
  `stream     ${address}/api/v1/stream/flows?limit=10`,
  `metrics    ${address}/metrics`,
  'data       .weir/dev',
  `exporter   ${sessionsPerSpan} sessions of an office every ${spanMs / 1000} s, as POST ${address}/api/v1/imports`,
].join('\n');

/** In a group of its own: Ctrl-C then reaches it once, through `stop`, and not twice (which would mean: at once). */
function startServer(): ChildProcess {
  const serve = ['src/main.ts', 'serve', '--data', '.weir/dev', '--listen', listen];
  const watch = ['--watch-path=src', '--watch-preserve-output'];
  return spawn(process.execPath, [...watch, ...serve], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const isGone = once(server, 'exit');
  server.kill('SIGTERM');
  await isGone;
}

async function untilReady(signal: AbortSignal): Promise<void> {
  for (const start = performance.now(); performance.now() - start < startTimeoutMs; await sleep(100, undefined, { signal })) {
    const answer = await fetch(`${address}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`no server answers at ${address} after ${startTimeoutMs / 1000} s; its log says why`);
}

async function exportTraffic(signal: AbortSignal): Promise<void> {
  const random = new Random(Date.now());
  for (let part = 1; ; part++) {
    await sleep(spanMs, undefined, { signal });
    const capture = makeOfficeCapture(random, { endMs: Date.now(), spanMs, sessions: sessionsPerSpan });
    await send(capture, `synthetic-${part}`);
  }
}

/** Sends a capture; a server that is just restarting misses it, and one that has it already (409) says so. */
async function send(capture: Buffer, name: string): Promise<void> {
  const query = new URLSearchParams({ name });
  const answer = await fetch(`${address}/api/v1/imports?${query}`, { method: 'POST', body: Uint8Array.from(capture) }).catch(
    () => undefined,
  );
  if (answer === undefined) process.stderr.write(`dev: ${name} was not taken, the server is not up\n`);
  else if (!answer.ok && answer.status !== 409) process.stderr.write(`dev: ${name}: ${answer.status} ${await answer.text()}\n`);
  else await answer.body?.cancel();
}

await main();
