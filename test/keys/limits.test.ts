/** What is too large is refused by either engine in the same words, and what fits once fits always. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';
import { startWeir, type V2Server } from './v2-servers.ts';

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

async function put({ url }: V2Server, key: string, octets: number): Promise<{ status: number; body: string }> {
  const body = `noValueOnSuccess=true&value=${'v'.repeat(octets)}`;
  const answer = await fetch(`${url}/v2/keys/${key}`, { method: 'PUT', headers: form, body });
  return { status: answer.status, body: await answer.text() };
}

const refusal = (cause: string) => ({
  status: 500,
  body: `{"errorCode":300,"message":"Raft Internal Error","cause":"${cause}","index":0}\n`,
});

async function checkLimit(weir: V2Server, limit: number): Promise<void> {
  const [key, longer] = ['k'.repeat(3999), 'k'.repeat(4000)];
  expect(await put(weir, key, limit)).toMatchObject({ status: 201 });
  expect(await put(weir, key, limit)).toMatchObject({ status: 200 });
  const given = await (await fetch(`${weir.url}/v2/keys/${key}`)).json();
  expect((given as { node: { value: string } }).node.value.length).toBe(limit);
  expect(await put(weir, 'value', limit + 1)).toEqual(refusal(`a value of ${limit + 1}, at most ${limit}`));
  expect(await put(weir, longer, 1)).toEqual(refusal('a path of 4001, at most 4000'));
  expect(await put(weir, 'small', 1)).toMatchObject({ status: 201 });
}

test('the embedded engine takes what its settings say', async () => {
  const weir = await startWeir(['keys.limits.value=1MiB']);
  try {
    await checkLimit(weir, 2 ** 20);
  } finally {
    await weir.stop();
  }
});

describe.skipIf(noEtcd !== undefined)('[needs etcd: apt install etcd-server etcd-client]', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => await cluster?.stop());

  test.each([
    [500 * 1024, []],
    [2 ** 16, ['keys.limits.value=64KiB']],
  ])('a cluster takes values of %i octets', async (limit, settings) => {
    const prefix = `keys.etcd.prefix=/limit${limit}`;
    const weir = await startWeir(['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`, prefix, ...settings]);
    try {
      await checkLimit(weir, limit);
    } finally {
      await weir.stop();
    }
  });
});
