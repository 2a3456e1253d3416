/** Programs by others that speak etcd's v2 API, doing what they do every day, on both engines. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdCluster, noEtcd, startCluster } from './etcd-cluster.ts';
import { until } from './operations.ts';
import { startWeir, type V2Server } from './v2-servers.ts';

const run = promisify(execFile);
const folder = new URL('../clients', import.meta.url).pathname;
const testdata = (name: string) => new URL(`testdata/${name}`, import.meta.url).pathname;

const python = '/usr/bin/python3';
const isThere = (...files: string[]) => files.every((file) => existsSync(file));
const lacking = {
  etcdctl: isThere('/usr/bin/etcdctl') ? undefined : 'needs etcdctl: apt install etcd-client',
  nodeEtcd: isThere(`${folder}/node_modules/node-etcd`) ? undefined : 'needs test/clients: bash scripts/setup',
  pythonEtcd: isThere(python, '/usr/lib/python3/dist-packages/etcd') ? undefined : 'needs python-etcd: apt install python3-etcd',
  requests: isThere(python, '/usr/lib/python3/dist-packages/requests') ? undefined : 'needs requests: apt install python3-requests',
  curl: isThere('/usr/bin/curl') ? undefined : 'needs curl: apt install curl',
};
for (const reason of Object.values(lacking)) if (reason !== undefined) console.warn(`skipped: ${reason}`);

/** Without the index numbers, which depend on what ran before. */
const unnumbered = (text: string) => text.replace(/(["'](?:modifiedIndex|createdIndex|index)["']: ?)\d+/g, '$1N');

describe.each([
  ['embedded', undefined],
  ['etcd', noEtcd],
])('on the engine %s', (engine, missing) => {
  describe.skipIf(missing !== undefined)(missing ?? 'with', () => {
    let cluster: EtcdCluster | undefined;
    let server: V2Server;
    beforeAll(async () => {
      if (engine === 'etcd') cluster = await startCluster();
      const settings = cluster === undefined ? [] : ['keys.engine=etcd', `keys.etcd.endpoints=${cluster.endpoints.join(',')}`];
      server = await startWeir(settings);
    });
    afterAll(async () => {
      await server.stop();
      await cluster?.stop();
    });

    const etcdctl = async (...words: string[]): Promise<string> => {
      const env = { ...process.env, ETCDCTL_API: '2', ETCDCTL_ENDPOINTS: server.url };
      const { stdout } = await run('etcdctl', words, { env });
      return stdout.trimEnd();
    };

    test.skipIf(lacking.etcdctl !== undefined)('etcdctl', async () => {
      expect(await etcdctl('set', '/ctl/a', 'one')).toBe('one');
      expect(await etcdctl('get', '/ctl/a')).toBe('one');
      expect(await etcdctl('mk', '/ctl/b', 'two')).toBe('two');
      await expect(etcdctl('mk', '/ctl/b', 'again')).rejects.toThrow(/105: Key already exists \(\/ctl\/b\)/);
      expect(await etcdctl('update', '/ctl/b', 'three')).toBe('three');
      await expect(etcdctl('update', '/ctl/none', 'x')).rejects.toThrow(/100: Key not found \(\/ctl\/none\)/);
      expect(await etcdctl('set', '--swap-with-value', 'three', '/ctl/b', 'four')).toBe('four');
      expect(await etcdctl('mkdir', '/ctl/dir')).toBe('');
      expect(await etcdctl('setdir', '/ctl/dir2', '--ttl', '100')).toBe('');
      expect(await etcdctl('updatedir', '/ctl/dir2', '--ttl', '200')).toBe('');
      expect((await etcdctl('ls', '--sort', '-p', '/ctl')).split('\n')).toEqual(['/ctl/a', '/ctl/b', '/ctl/dir/', '/ctl/dir2/']);
      expect((await etcdctl('ls', '--sort', '--recursive', '/')).split('\n')).toContain('/ctl/dir2');
      expect(await etcdctl('rmdir', '/ctl/dir')).toBe('');
      await expect(etcdctl('rmdir', '/ctl')).rejects.toThrow(/108: Directory not empty/);
      expect(await etcdctl('mk', '--in-order', '/ctl/queue', 'first')).toBe('first');
      expect(await etcdctl('-o', 'extended', 'get', '/ctl/a')).toMatch(
        /Key: \/ctl\/a\nCreated-Index: \d+\nModified-Index: \d+\nTTL: 0\nIndex: \d+\n\none/,
      );
      expect(await etcdctl('rm', '/ctl/a')).toContain('PrevNode.Value: one');
      expect(await etcdctl('rm', '--recursive', '/ctl')).toBe('');
      expect(await etcdctl('cluster-health')).toContain('cluster is healthy');
      expect(await etcdctl('member', 'list')).toContain(`clientURLs=${server.url}`);
    });

    test.skipIf(lacking.etcdctl !== undefined)('etcdctl that watches', async () => {
      const watching = etcdctl('watch', '/ctl-w', '--recursive');
      await untilWatched(server, 1);
      await etcdctl('set', '/ctl-w/a', 'seen');
      expect(await watching).toContain('seen');
      const env = { ...process.env, ETCDCTL_API: '2', ETCDCTL_ENDPOINTS: server.url };
      const words = [
        'exec-watch',
        '--recursive',
        '/ctl-x',
        '--',
        'sh',
        '-c',
        'echo "$ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"',
      ];
      const child = spawn('etcdctl', words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      await untilWatched(server, 1);
      await etcdctl('set', '/ctl-x/a', 'one');
      expect(await firstLine(child)).toBe('set /ctl-x/a one');
    });

    test.skipIf(lacking.nodeEtcd !== undefined)('node-etcd', async () => {
      const { stdout } = await run(process.execPath, [testdata('everyday.mjs'), String(server.port), folder]);
      expect(stdout.trimEnd().split('\n')).toEqual([
        'set set one é',
        'missing 100',
        'cas 101 two',
        'cad 101 compareAndDelete',
        'mkdir true delete',
        'create true 1,2',
        'ttl true',
        'raw 1',
        'del delete',
        'watch seen',
        'watchIndex seen',
        'watcher 1,2,3',
      ]);
    });

    test.skipIf(lacking.pythonEtcd !== undefined)('python-etcd', async () => {
      const { stdout } = await run(python, [testdata('everyday.py'), String(server.port)]);
      expect(stdout.trimEnd().split('\n')).toEqual([
        'write set True hello é <&> True',
        'read hello é <&> True',
        'machines True 1',
        'missing 100',
        'exists 105',
        'compare [wrong != hello é <&>]',
        'swap compareAndSwap',
        'update compareAndSwap',
        "queue True ['one', 'two']",
        "tree ['/py/dir/a', '/py/dir/b', '/py/dir/sub/c']",
        'not empty',
        'deleted False',
        'watch set now True',
        'past now',
        "eternal ['0', '1', '2']",
        'lock True False',
        'leader True',
      ]);
    });

    test.skipIf(lacking.requests !== undefined)('the first program of the course, its address apart', async () => {
      const program = readFileSync(testdata('etcd01.py'), 'utf8').replaceAll('127.0.0.1:2379', `127.0.0.1:${server.port}`);
      const { stdout } = await run(python, ['-c', program]);
      // As Python prints a dictionary of an answer.
      const node = (indent: string, value: string) =>
        `{'createdIndex': N,\n${indent}'key': '/requests',\n${indent}'modifiedIndex': N,\n${indent}'value': '${value}'}`;
      const second = node('          ', 'http for humans, version 2');
      expect(unnumbered(stdout)).toBe(
        [
          `Status Code - 201\n{'action': 'set',\n 'node': ${node('          ', 'http for humans')}}`,
          `Status Code - 200\n{'action': 'set',\n 'node': ${second},\n 'prevNode': ${node('              ', 'http for humans')}}`,
          `Status Code - 200\n{'action': 'get',\n 'node': ${second}}\n`,
        ].join('\n******\n'),
      );
    });

    test.skipIf(lacking.curl !== undefined)('the curl lines of the course', async () => {
      const curl = async (words: string) => unnumbered((await run('curl', ['-s', ...words.split('|')])).stdout.trimEnd());
      const message = `${server.url}/v2/keys/message`;
      const node = '{"key":"/message","value":"Hello world","modifiedIndex":N,"createdIndex":N}';
      expect(await curl(`-L|${server.url}/version`)).toBe('{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}');
      expect(await curl(`${message}|-XPUT|-d|value=Hello world`)).toBe(`{"action":"set","node":${node}}`);
      expect(await curl(message)).toBe(`{"action":"get","node":${node}}`);
      expect(await curl(`${message}|-XDELETE`)).toBe(
        `{"action":"delete","node":{"key":"/message","modifiedIndex":N,"createdIndex":N},"prevNode":${node}}`,
      );
      expect(await curl(message)).toBe('{"errorCode":100,"message":"Key not found","cause":"/message","index":N}');
    });
  });
});

/** Waits until so many watches are open. */
const untilWatched = ({ url }: V2Server, count: number): Promise<void> =>
  until(async () => ((await (await fetch(`${url}/v2/stats/store`)).json()) as { watchers: number }).watchers >= count);

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    if (text.includes('\n')) break;
  }
  child.kill();
  return text.split('\n')[0] ?? '';
}
