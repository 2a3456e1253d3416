/** `/v2/members`: who keeps the keys, and a cluster's own door for changing that. */
import type { EngineStatus, KeyEngine, Member } from '../engine.ts';
import { KeyFault } from '../tree/fault.ts';
import { type Answer, type Call, jsonPage, notAllowed, refusal } from './answer.ts';
import type { Cluster } from './cluster.ts';
import { mediaType } from './form.ts';

type Dependencies = { engine: Pick<KeyEngine, 'membership'>; cluster: Cluster };

const prefix = '/v2/members';

/** Whether a path is one of members. */
export const isMembersPath = (path: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

/** The answer to a request for members, in etcd's order of checks. */
export async function answerMembers(path: string, call: Call, { engine, cluster }: Dependencies): Promise<Answer> {
  const status = await cluster.ask();
  const headers = ['X-Etcd-Cluster-Id', status.clusterId];
  const id = path.slice(prefix.length + 1);
  try {
    switch (call.method) {
      case 'GET':
        return showMembers(id, call.self, status, headers);
      case 'POST':
        return await addMember(call, { engine, status, headers });
      case 'PUT':
      case 'DELETE':
        return id === '' ? refusal(405, 'Method Not Allowed', headers) : await changeMember(id, call, { engine, status, headers });
      default:
        return notAllowed('GET,POST,DELETE,PUT');
    }
  } catch (error) {
    return refused(error, id, headers);
  }
}

/** Clients reach every member through this very server: one that went to a member of the cluster by itself would find no v2 there. */
const memberOf = ({ id, name, peerUrls }: Member, self: string) => ({ id, name, peerURLs: peerUrls, clientURLs: [self] });

const message = (status: number, text: string, headers: readonly string[] = []): Answer =>
  jsonPage(JSON.stringify({ message: text }), status, headers);

function showMembers(id: string, self: string, { members, leader }: EngineStatus, headers: readonly string[]): Answer {
  if (id === '') return jsonPage(`${JSON.stringify({ members: members.map((member) => memberOf(member, self)) })}\n`, 200, headers);
  if (id !== 'leader') return message(404, 'Not found', headers);
  const member = members.find((one) => one.id === leader);
  return member === undefined
    ? message(503, 'During election', headers)
    : jsonPage(`${JSON.stringify(memberOf(member, self))}\n`, 200, headers);
}

type Change = { engine: Dependencies['engine']; status: EngineStatus; headers: readonly string[] };

async function addMember(call: Call, { engine: { membership }, status, headers }: Change): Promise<Answer> {
  const peerUrls = peerUrlsOf(call);
  // The cluster would say so, too, but not while one of its members is away.
  if (status.members.some((member) => member.peerUrls.some((url) => peerUrls.includes(url)))) throw new Refusal(409, knownPeer);
  if (membership === undefined) throw new Refusal(500, noPeers);
  const { id, name, ...member } = await membership.add(peerUrls);
  // It has not been started yet, so it is reached nowhere.
  return jsonPage(`${JSON.stringify({ id, name, peerURLs: member.peerUrls, clientURLs: member.clientUrls })}\n`, 201, headers);
}

async function changeMember(id: string, call: Call, { engine: { membership }, status, headers }: Change): Promise<Answer> {
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw new Refusal(404, `No such member: ${id}`);
  const peerUrls = call.method === 'PUT' ? peerUrlsOf(call) : undefined;
  const known = id.toLowerCase().replace(/^0+(?=.)/, '');
  if (!status.members.some((member) => member.id === known)) throw new Refusal(404, `No such member: ${known}`);
  // The only member of a cluster cannot go, and etcd has no more words for it.
  if (membership === undefined) throw peerUrls === undefined ? new Refusal(500, 'Internal Server Error') : new Refusal(500, noPeers);
  await (peerUrls === undefined ? membership.remove(known) : membership.update(known, peerUrls));
  return { kind: 'page', status: 204, headers, text: '' };
}

const knownPeer = 'membership: peerURL exists';
const noPeers = 'the keys of this server are its own: it has no peers';

/** Why members stay as they are. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

function refused(error: unknown, id: string, headers: readonly string[]): Answer {
  if (error instanceof Refusal) return message(error.status, error.message, headers);
  if (!(error instanceof KeyFault)) throw error;
  if (/peer urls already exists/i.test(error.cause)) return message(409, knownPeer, headers);
  if (/member not found/i.test(error.cause)) return message(404, `No such member: ${id}`, headers);
  return message(500, error.cause, headers);
}

/** The URLs of a request, in order; throws the refusal of one that does not say them rightly. */
function peerUrlsOf({ contentType, body }: Call): string[] {
  const { type } = mediaType(contentType ?? '');
  if (type !== 'application/json') {
    throw new Refusal(415, `Bad Content-Type ${contentType?.split(';')[0]?.trim() ?? ''}, accept application/json`);
  }
  const urls = parsedUrls(body).map((url) => url.trim());
  if (urls.length === 0) throw new Refusal(400, 'no valid URLs given');
  for (const url of urls) {
    const fault = urlFault(url);
    if (fault !== undefined) throw new Refusal(400, `${fault}: ${url}`);
  }
  return urls.sort();
}

function parsedUrls(body: string): string[] {
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(body, 'latin1').toString('utf8'));
  } catch (error) {
    throw new Refusal(400, error instanceof Error ? error.message : String(error));
  }
  const { peerURLs = [] } = (given ?? {}) as { peerURLs?: unknown };
  if (Array.isArray(peerURLs) && peerURLs.every((url) => typeof url === 'string')) return peerURLs;
  throw new Refusal(400, 'peerURLs is a list of strings');
}

/** What etcd finds wrong with the URL of a peer. */
function urlFault(url: string): string | undefined {
  const [, scheme = '', host = '', path = ''] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (!['http', 'https', 'unix', 'unixs'].includes(scheme.toLowerCase())) return 'URL scheme must be http, https, unix, or unixs';
  if (!/^(?:\[[^\]]*\]|[^:]*):\d*$/.test(host)) return 'URL address does not have the form "host:port"';
  return path === '' ? undefined : 'URL must not contain a path';
}
