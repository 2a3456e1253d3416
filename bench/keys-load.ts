/** Load on a server of keys by wrk: one thread, 64 connections, for some seconds. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KeyServer } from './keys-servers.ts';
import { needProgram } from './peers.ts';
import type { Usage } from './rounds.ts';

export const connections = 64;
export const valueOctets = 128;

/** What is asked: see `keys-load.lua`. */
export type LoadKind = 'put' | 'get' | 'post' | 'cas' | 'fill';

export type Load = { kind: LoadKind; keys: number; seconds: number; first?: number };

/** What wrk counted; latencies in milliseconds, `refused` are answers of 400 and above. */
export type Loaded = { requests: number; seconds: number; p50: number; p99: number; max: number; refused: number };

const script = fileURLToPath(new URL('keys-load.lua', import.meta.url));

/** Puts load on a server. Throws when connections broke: their requests would be missing in the figures. */
export async function putLoad(url: string, { kind, keys, seconds, first = 0 }: Load): Promise<Loaded> {
  const options = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '60', '-s', script];
  const words = [kind, keys, valueOctets, first].map(String);
  const { stdout } = await promisify(execFile)(needProgram('wrk'), [...options, url, '--', ...words]);
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, number>;
  const { requests = 0, microseconds = 0, p50 = 0, p99 = 0, max = 0, refused = 0, broken = 0 } = told;
  if (broken > 0) throw new Error(`${broken} requests to ${url} broke off`);
  return { requests, seconds: microseconds / 1e6, p50: p50 / 1000, p99: p99 / 1000, max: max / 1000, refused };
}

/** Makes `keys` keys, a hundred to a directory. wrk runs for a time, so it is asked in pieces until there are enough. */
export async function fill(url: string, keys: number): Promise<void> {
  const seconds = keys > 20_000 ? 2 : 1;
  for (let first = 0; first < keys; ) {
    const { requests } = await putLoad(url, { kind: 'fill', keys: keys + connections, seconds, first });
    first += requests;
  }
}

/** wrk works for a time and not up to a number: its runs are told as the time that so many requests take. */
export const requestsTold = 100_000;

/** One run of a load, what it cost the server alone, told for `requestsTold` requests. */
export async function measureLoad(server: KeyServer, load: Load): Promise<Usage & { loaded: Loaded }> {
  server.forgetPeak();
  const before = server.cpuMs;
  const loaded = await putLoad(server.url, load);
  const share = requestsTold / loaded.requests;
  return {
    wallMs: loaded.seconds * 1000 * share,
    cpuMs: (server.cpuMs - before) * share,
    peakOctets: server.peakOctets,
    loaded,
  };
}
