/** Everything of etcd's API that is not a key: version, health, statistics, members. */
import type { KeyEngine } from '../engine.ts';
import { type Answer, type Call, jsonPage, notAllowed, notFound, refusal, textPage } from './answer.ts';
import type { Cluster } from './cluster.ts';
import type { Counters } from './counters.ts';
import { answerMembers, isMembersPath } from './members.ts';

export type PagesDependencies = { engine: KeyEngine; cluster: Cluster; counters: Counters; now(): number };

/** The release whose behaviour this is. */
const etcdVersion = { server: '3.4.23', cluster: '3.4.0' };

/** The answer for a path that is not one of a key. */
export async function answerPage(path: string, call: Call, deps: PagesDependencies): Promise<Answer> {
  if (isMembersPath(path)) return await answerMembers(path, call, deps);
  const page = pages[path];
  if (page === undefined) return notFound();
  const [allow, answer] = page;
  return allow.split(',').includes(call.method) ? await answer(call, deps) : notAllowed(allow);
}

type Page = (call: Call, deps: PagesDependencies) => Answer | Promise<Answer>;

const pages: Record<string, [allow: string, Page]> = {
  '/version': ['GET', () => jsonPage(JSON.stringify({ etcdserver: etcdVersion.server, etcdcluster: etcdVersion.cluster }))],
  '/health': ['GET', health],
  '/v2/stats/self': ['GET', selfStatistics],
  '/v2/stats/store': ['GET', (_call, { counters }) => jsonPage(JSON.stringify(counters.sums()))],
  '/v2/stats/leader': ['GET', leaderStatistics],
  '/v2/machines': ['GET,HEAD', ({ self }) => textPage(self)],
  '/v2/auth/enable': ['GET', (_call, { cluster }) => jsonPage('{"enabled":false}\n', 200, ['X-Etcd-Cluster-Id', cluster.id])],
};

async function health(_call: Call, { engine }: PagesDependencies): Promise<Answer> {
  const reason = await engine.unready();
  return reason === undefined ? textPage('{"health":"true"}') : refusal(503, '{"health":"false"}');
}

async function selfStatistics(_call: Call, { cluster, now }: PagesDependencies): Promise<Answer> {
  const { self, leader, members, startedAt } = await cluster.ask();
  const startTime = startedAt.toISOString();
  const text = {
    name: members.find(({ id }) => id === self)?.name ?? 'default',
    id: self,
    state: self === leader ? 'StateLeader' : 'StateFollower',
    startTime,
    leaderInfo: { leader: leader ?? '', uptime: spanText(now() - startedAt.getTime()), startTime },
    recvAppendRequestCnt: 0,
    sendAppendRequestCnt: 0,
  };
  return jsonPage(JSON.stringify(text));
}

/** A span as Go prints it: `1m40.122s`. */
function spanText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, milliseconds)}ms`;
  const seconds = milliseconds / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  return hours > 0 ? `${hours}h${minutes}m${rest}` : minutes > 0 ? `${minutes}m${rest}` : rest;
}

async function leaderStatistics(_call: Call, { cluster }: PagesDependencies): Promise<Answer> {
  const { self, leader, members } = await cluster.ask();
  if (self !== leader) return jsonPage('{"message":"not current leader"}', 403);
  const latency = { current: 0, average: 0, standardDeviation: 0, minimum: 0, maximum: 0 };
  const others = members.filter(({ id }) => id !== self).map(({ id }) => [id, { latency, counts: { fail: 0, success: 0 } }]);
  return jsonPage(JSON.stringify({ leader, followers: Object.fromEntries(others) }));
}
