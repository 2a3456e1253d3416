/** `/v2/members` changes a cluster of etcd as etcd's own v2 API does; keys of one server alone have no members to change. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';
import { startWeir, type V2Server } from './v2-servers.ts';

type Told = { status: number; body: string };

const json = { 'Content-Type': 'application/json' };
const peers = (...peerURLs: string[]): string => JSON.stringify({ peerURLs });

async function ask(url: string, method: string, body?: string): Promise<Told> {
  const answer = await fetch(url, { method, headers: json, ...(body !== undefined && { body }) });
  expect(answer.headers.get('x-etcd-cluster-id')).toMatch(/^[0-9a-f]+$/);
  return { status: answer.status, body: await answer.text() };
}

test('keys of one server alone cannot be given to others', async () => {
  const weir = await startWeir();
  const members = `${weir.url}/v2/members`;
  try {
    const { id } = (JSON.parse((await ask(`${members}/leader`, 'GET')).body) ?? {}) as { id: string };
    const refused = { status: 500, body: '{"message":"the keys of this server are its own: it has no peers"}' };
    expect(await ask(members, 'POST', peers('http://127.0.0.1:1'))).toEqual(refused);
    expect(await ask(`${members}/${id}`, 'PUT', peers('http://127.0.0.1:1'))).toEqual(refused);
    // The words of an etcd of one member.
    expect(await ask(`${members}/${id}`, 'DELETE')).toEqual({ status: 500, body: '{"message":"Internal Server Error"}' });
    expect(await ask(members, 'POST', '{')).toMatchObject({ status: 400 });
    expect(await ask(members, 'POST', '{"peerURLs":[1]}')).toMatchObject({ status: 400 });
    expect(await ask(`${weir.url}/v2/keys/still`, 'PUT')).toMatchObject({ status: 201 });
  } finally {
    await weir.stop();
  }
});

describe.skipIf(noEtcd !== undefined)('[needs etcd: apt install etcd-server etcd-client]', () => {
  let cluster: EtcdCluster;
  let weir: V2Server;
  beforeAll(async () => {
    cluster = await startCluster({ members: 3 });
    weir = await startWeir(['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`]);
  });
  afterAll(async () => {
    await weir?.stop();
    await cluster?.stop();
  });

  const urls = async (): Promise<string[][]> => {
    const { members } = JSON.parse((await ask(`${weir.url}/v2/members`, 'GET')).body) as { members: { peerURLs: string[] }[] };
    return members.map(({ peerURLs }) => peerURLs);
  };

  test('a member is added, moved and removed', async () => {
    const members = `${weir.url}/v2/members`;
    const add = () => ask(members, 'POST', peers('http://127.0.0.1:2', 'http://127.0.0.1:1'));
    let added = await add();
    // A cluster changes nothing before its members have known each other for five seconds.
    while (added.body.includes('unhealthy cluster')) {
      await sleep(200);
      added = await add();
    }
    const { id } = JSON.parse(added.body) as { id: string };
    const text = `{"id":"${id}","name":"","peerURLs":["http://127.0.0.1:1","http://127.0.0.1:2"],"clientURLs":[]}\n`;
    expect(added).toEqual({ status: 201, body: text });
    expect(await urls()).toContainEqual(['http://127.0.0.1:1', 'http://127.0.0.1:2']);
    const known = { status: 409, body: '{"message":"membership: peerURL exists"}' };
    expect(await ask(members, 'POST', peers('http://127.0.0.1:1'))).toEqual(known);
    const [other] = (await urls()).find(([url]) => url !== 'http://127.0.0.1:1') ?? [];
    expect(await ask(`${members}/${id}`, 'PUT', peers(other ?? ''))).toEqual(known);
    expect(await ask(`${members}/${id}`, 'PUT', peers('http://127.0.0.1:3'))).toEqual({ status: 204, body: '' });
    expect(await urls()).toContainEqual(['http://127.0.0.1:3']);
    // Three of four still agree.
    expect(await ask(`${weir.url}/v2/keys/meanwhile`, 'PUT')).toMatchObject({ status: 201 });
    expect(await ask(`${members}/${id}`, 'DELETE')).toEqual({ status: 204, body: '' });
    expect(await urls()).toHaveLength(3);
    expect(await ask(`${members}/${id}`, 'DELETE')).toEqual({ status: 404, body: `{"message":"No such member: ${id}"}` });
  });
});
