/** What the door costs: one look at a token, and requests a second with and without a login. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, type Benchmark, type Report, ratioTarget, timeLimit } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { inScratch } from './inputs.ts';
import { needProgram } from './peers.ts';
import { type Contender, playRounds } from './rounds.ts';
import { WeirServer } from './weir.ts';

export const access: Benchmark = { about: 'a look at a token, and requests with and without a login', run };

const runProgram = promisify(execFile);
const looks = 200_000;
const password = 'a long enough passphrase';
/** wrk works for a time and not up to a number: its runs are told as the time that so many requests take. */
const requestsTold = 10_000;
/** Seconds of one load at most: four of them in three rounds stay below two minutes. */
const longestLoad = 5;
const path = '/tickets';
/** What is measured is the door, not how many may pass it. */
const unlimited = ['server.rateLimit.user=0', 'server.rateLimit.local=0'];

type Costs = { seenBefore: number; firstTime: number; ofProgram: number; refused: number; login: number };

async function run(bench: Bench): Promise<Report[]> {
  bench.say('  looks at tokens');
  const { stdout } = await runProgram(process.execPath, [fileURLToPath(new URL('access-process.ts', import.meta.url)), String(looks)]);
  const costs = JSON.parse(stdout) as Costs;
  return [await inScratch(bench, 'access', (folder) => requests(bench, folder, costs))];
}

async function requests(bench: Bench, folder: string, costs: Costs): Promise<Report> {
  const places = ['open', 'guarded', 'secure'].map((name) => join(folder, name));
  for (const place of places) mkdirSync(place, { recursive: true });
  const [openPlace = '', guardedPlace = '', securePlace = ''] = places;
  await using open = await WeirServer.start(openPlace, unlimited);
  await using guarded = await WeirServer.start(guardedPlace, unlimited);
  const login = await addUser(guarded);
  const secureToken = await prepare(securePlace);
  await using secure = await WeirServer.start(securePlace, [...unlimited, 'server.tls.mode=self-signed']);
  const made = { authorization: `Bearer ${login}` };
  const { token: personal } = await post<{ token: string }>(`${guarded.url}/api/v1/tokens`, { title: 'bench' }, made);
  const contenders = [
    load(bench, 'with a token', guarded, login),
    load(bench, 'with a personal token', guarded, personal),
    load(bench, 'with a token, HTTPS', secure, secureToken),
    load(bench, 'without users', open),
  ];
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  // By processor time: what the door adds is less than what else a machine does meanwhile.
  const [token, program, https, none] = standings.map(({ median }) => median.cpuMs) as [number, number, number, number];
  return {
    title: `access: GET ${path}, 32 connections`,
    unit: 'requests',
    standings,
    skipped: [],
    targets: [
      ratioTarget('requests for the same processor time, with a token beside without users', none / token, 0.9),
      timeLimit('a look at a token seen before', costs.seenBefore / 1000, 0.03),
    ],
    notes: [
      `requests for the same processor time: a personal token ${(none / program).toFixed(2)}x of without users, HTTPS ${(token / https).toFixed(2)}x of HTTP`,
      ...Object.entries(labels).map(([name, label]) => `${label}: ${costs[name as keyof Costs].toFixed(1)} µs`),
    ],
    figures: { ...costs },
  };
}

/** The first user, and a token of his. */
async function addUser({ url }: WeirServer): Promise<string> {
  await post(`${url}/api/v1/users`, { name: 'ann', role: 'admin', password });
  return (await post<{ access_token: string }>(`${url}/api/v3/token`, { username: 'ann', password })).access_token;
}

/** A token for the server that is started on this directory next: a certificate is nothing that `fetch` trusts. */
async function prepare(place: string): Promise<string> {
  await using server = await WeirServer.start(place, unlimited);
  return await addUser(server);
}

const labels: Record<keyof Costs, string> = {
  seenBefore: 'a look at a token of a login that was seen before',
  firstTime: 'its first look, with the check of the signature',
  ofProgram: 'a look at a personal token',
  refused: 'a look at a forged token',
  login: 'a login, nearly all of it argon2id',
};

const load = (bench: Bench, name: string, server: WeirServer, token?: string): Contender => ({
  name,
  units: requestsTold,
  run: async () => {
    server.forgetPeak();
    const before = server.cpuMs;
    const header = token === undefined ? [] : ['-H', `Authorization: Bearer ${token}`];
    const { stdout } = await runProgram(needProgram('wrk'), [
      '-t1',
      '-c32',
      `-d${Math.min(bench.seconds, longestLoad)}`,
      ...header,
      `${server.url}${path}`,
    ]);
    const [, count = '0', time = '1'] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
    if (/Non-2xx/.test(stdout)) throw new Error(`${server.url}${path} refused requests:\n${stdout}`);
    const share = requestsTold / Number(count);
    return { wallMs: Number(time) * 1000 * share, cpuMs: (server.cpuMs - before) * share, peakOctets: server.peakOctets };
  },
});

async function post<T>(url: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
