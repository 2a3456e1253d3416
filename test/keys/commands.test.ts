/** `weir keys` as a person runs it: on a real etcd that speaks v2, on a Weir server, and beside etcdctl where the words are the same. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { etcdKind, KeyServer } from '../../bench/keys-servers.ts';
import { WeirServer } from '../../bench/weir.ts';
import { until } from './operations.ts';
import { type Running, run as runIn, watchersAt, weirPath } from './running-command.ts';

const etcdPath = ['/usr/bin/etcd', '/usr/local/bin/etcd'].find(existsSync);
const noEtcd = etcdPath === undefined ? 'needs etcd: apt install etcd-server etcd-client' : undefined;
if (noEtcd !== undefined) console.warn(`skipped: ${noEtcd}`);

let folder = '';
let etcd: KeyServer | undefined;
let server: WeirServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-keys-commands-'));
  server = await WeirServer.start(join(folder, 'weir'));
  if (etcdPath !== undefined) etcd = await KeyServer.start(etcdKind(etcdPath), join(folder, 'etcd'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await etcd?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const run = (program: string, words: readonly string[], input?: string | Buffer, env?: NodeJS.ProcessEnv): Running =>
  runIn(program, words, { folder, input, env });

const both = [
  ['a Weir', () => server.url, false],
  ['an etcd', () => etcd?.url ?? '', noEtcd !== undefined],
] as const;

const keysOf = (url: () => string) => (words: string[], input?: string | Buffer) =>
  run(weirPath, ['keys', '--server', url(), ...words], input);

describe.each(both)('on %s', (name, url, isSkipped) => {
  const it = test.skipIf(isSkipped);
  // What the command does by itself is shown once: that both servers answer alike has tests of its own.
  const itself = (title: string, work: () => Promise<void>): void => {
    if (name === 'a Weir') test(title, work);
  };
  const keys = keysOf(url);
  const output = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await keys(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  it('writes, reads and removes values', async () => {
    expect(await output('set', '/one/a', 'first')).toBe('first\n');
    expect(await output('get', 'one/a')).toBe('first\n');
    expect(await output('update', '/one/a', 'second')).toBe('second\n');
    expect(await output('set', '--swap-with-value', 'second', '/one/a', 'third')).toBe('third\n');
    expect(await output('create', '/one/b', 'new')).toBe('new\n');
    expect(await output('rm', '/one/a')).toBe('PrevNode.Value: third\n');
    const { node } = JSON.parse(await output('set', '--json', '/one/c', 'x')) as { node: { modified: number } };
    await output('rm', '--with-index', String(node.modified), '/one/c');
    await output('rm', '-r', '/one');
  });

  itself('says what went wrong, and exits as the house does', async () => {
    await output('set', '/wrong/a', '1');
    const cases: [string[], number, RegExp][] = [
      [['get', '/wrong/none'], 3, /^weir: key not found: \/wrong\/none\n/],
      [['get', '/wrong'], 2, /is a directory\n {2}hint: weir keys ls \/wrong\n/],
      [['create', '/wrong/a', '2'], 6, /key already exists: \/wrong\/a/],
      [['set', '--swap-with-value', '2', '/wrong/a', '3'], 6, /compare failed, given != actual: \[2 != 1\]/],
      [['rm', '--with-index', '1', '/wrong/a'], 6, /compare failed/],
      [['set', '/wrong', 'x'], 2, /not a file: \/wrong/],
      [['set', '/wrong/a/b', 'x'], 2, /not a directory: \/wrong\/a/],
      [['rmdir', '/wrong'], 6, /directory not empty: \/wrong/],
      [['rm', '/'], 2, /root is read only/],
      [['get', '/a/../b'], 2, /is no key/],
      [['set', '--ttl', 'soon', '/wrong/a', '1'], 2, /Expected seconds/],
      [['import'], 2, /a file or --from-etcd URL/],
    ];
    const ran = await Promise.all(cases.map(([words]) => keys(words)));
    for (const [at, [words, code, message]] of cases.entries())
      expect({ words, ...ran[at] }).toMatchObject({ words, code, stderr: expect.stringMatching(message) });
    await output('rm', '-r', '/wrong');
  });

  it('takes values from standard input, octet for octet', async () => {
    const value = Buffer.from('line\nü "&+%;=" \u2028\t\0 end\n');
    expect(await keys(['set', '--quiet', '/input/a', '-'], value)).toMatchObject({ code: 0, stdout: '' });
    expect((await keys(['get', '--raw', '/input/a'])).bytes).toEqual(value);
    expect(await keys(['set', '/input/é +%&', '-'], 'odd name')).toMatchObject({ code: 0 });
    expect(await output('get', '/input/é +%&')).toBe('odd name\n');
    await output('rm', '-r', '/input');
  });

  itself('names keys in the order of their making, and lists them so', async () => {
    const names = [];
    for (const value of ['a', 'b', 'c']) names.push((await output('mk', '--in-order', '/queue', value)).trim());
    expect(names.toSorted()).toEqual(names);
    expect(names[0]).toMatch(/^\/queue\/\d{20}$/);
    expect((await output('ls', '/queue')).trim().split('\n')).toEqual(names);
    await output('rm', '-r', '/queue');
  });

  itself('lists, draws and describes', async () => {
    for (const key of ['/list/b/x', '/list/a', '/list/b-', '/list/_hidden/y']) await output('set', key, `of ${key}`);
    await output('mkdir', '--ttl', '1h', '/list/d');
    expect(await output('ls', '-r', '-p', '/list')).toBe('/list/a\n/list/b/\n/list/b/x\n/list/b-\n/list/d/\n');
    expect(await output('ls', '/list/a')).toBe('/list/a\n');
    expect(await output('ls', '-l', '/list')).toMatch(
      /^key +modified +created +stays +size +value\n\/list\/a +(\d+) +\1 +10 B +of \/list\/a\n/,
    );
    expect((await keys(['tree', '/list'])).stdout.replace(/\(59 m .*\)/, '(1 h 0 m)')).toBe(
      ['/list', '├── a = of /list/a', '├── b/', '│   └── x = of /list/b/x', '├── b- = of /list/b-', '└── d/  (1 h 0 m)', ''].join('\n'),
    );
    expect((await keys(['tree', '--names', '--depth', '1', '/list'])).stderr).toBe('2 directories, 2 keys\n');
    expect(JSON.parse(await output('tree', '--json', '/list/b'))).toMatchObject({
      path: '/list/b',
      dir: true,
      nodes: [{ path: '/list/b/x' }],
    });
    expect(JSON.parse(await output('get', '--json', '/list/a'))).toMatchObject({ path: '/list/a', value: 'of /list/a' });
    await output('updatedir', '/list/d');
    expect(JSON.parse(await output('get', '--json', '/list/d'))).not.toHaveProperty('ttl');
    await output('rm', '-r', '/list');
  });

  it('watches one change, or all until it is stopped', async () => {
    await output('set', '/watch/a', '0');
    const { index } = JSON.parse(await output('get', '--json', '/watch/a')) as { index: number };
    const before = await watchersAt(url());
    const one = keys(['watch', '/watch/a']);
    const all = keys(['watch', '-f', '-r', '--json', '--after-index', String(index), '/watch']);
    await until(async () => (await watchersAt(url())) === before + 2);
    for (const value of ['1', '2']) await output('set', '/watch/a', value);
    await output('rm', '/watch/a');
    expect((await one).stdout).toBe('1\n');
    await all.says(/delete/);
    all.stop();
    const { code, stdout } = await all;
    expect(code).toBe(130);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { action: string; index: number; node: { value?: string } });
    expect(events.map(({ action, node }) => `${action} ${node.value ?? ''}`)).toEqual(['set 1', 'set 2', 'delete ']);
    expect(await output('watch', '-r', '--after-index', String(index), '/watch')).toBe('[set] /watch/a\n1\n');
    await output('rm', '-r', '/watch');
  });

  itself('runs a program at each change', async () => {
    await output('set', '/exec/a', '0');
    const { index } = JSON.parse(await output('get', '--json', '/exec/a')) as { index: number };
    const watching = keys([
      'exec-watch',
      '--after-index',
      String(index),
      '/exec/a',
      '--',
      'sh',
      '-c',
      'echo "$ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"',
    ]);
    await output('set', '/exec/a', 'x y');
    await watching.says(/\n/);
    watching.stop();
    expect((await watching).stdout).toBe('set /exec/a x y\n');
    await output('rm', '-r', '/exec');
  });

  it('exports and imports again', async () => {
    for (const [key, value] of [
      ['/move/a', 'é'],
      ['/move/d/e', ''],
    ] as const)
      await keys(['set', key, '-'], value);
    await output('set', '--ttl', '600', '/move/short', 'x');
    await output('mkdir', '--ttl', '600', '/move/ends');
    const first = (await output('mk', '--in-order', '/move/q', '1')).trim();
    await output('mk', '--in-order', '/move/q', '2');
    const file = join(folder, 'export.json');
    expect(await keys(['export', '--path', '/move', file])).toMatchObject({ code: 0 });
    const { version, nodes } = JSON.parse(await readFile(file, 'utf8')) as { version: number; nodes: { path: string }[] };
    expect(version).toBe(1);
    expect(nodes.map(({ path }) => path)).toContain(first);
    // To standard output it is the same, but for the moment.
    expect(JSON.parse(await keys(['export', '--path', '/move', '-']).then(({ stdout }) => stdout))).toMatchObject({
      nodes: expect.any(Array),
    });

    const describeAll = async (path: string) =>
      (JSON.parse(await output('ls', '-r', '--json', path)) as { path: string; value?: string; dir?: true; expiration?: string }[]).map(
        ({ path: at, value, dir, expiration }) => ({
          at: at.slice(path.length),
          value,
          dir,
          minutes: expiration && Math.round((Date.parse(expiration) - Date.now()) / 60_000),
        }),
      );
    const before = await describeAll('/move');
    expect(await keys(['import', '--dry-run', file])).toMatchObject({ code: 0, stdout: expect.stringMatching(/: 0 to make, \d+ same\n$/) });
    expect(await keys(['import', '--prefix', '/to', file])).toMatchObject({ code: 0, stdout: expect.stringMatching(/made/) });
    expect(await describeAll('/to/move')).toEqual(before);

    await output('set', '/to/move/a', 'other');
    const refused = await keys(['import', '--prefix', '/to', file]);
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringMatching(/refused \/to\/move\/a: it is there with another value/) });
    expect(await keys(['import', '--prefix', '/to', '--replace', '--json', file]).then(({ stdout }) => JSON.parse(stdout))).toMatchObject({
      made: 0,
      replaced: 1,
      refused: 0,
    });
    expect(await describeAll('/to/move')).toEqual(before);
    await output('rm', '-r', '/move');
    await output('rm', '-r', '/to');
  });

  itself('refuses what is no export', async () => {
    const cases: [string, RegExp][] = [
      ['{"nodes":[{"path":"/x","value":"1"}]}', /is no export of keys/],
      ['{"version":99,"nodes":[]}', /is of version 99/],
      ['{"version":1,"nodes":[{"path":"/x"}]}', /no right value/],
      ['{"version":1,"nodes":[', /breaks off/],
      ['nothing', /damaged/],
    ];
    const refused = async ([text, message]: [string, RegExp], at: number): Promise<void> => {
      const file = join(folder, `other-${at}.json`);
      await writeFile(file, text);
      expect(await keys(['import', file])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    };
    await Promise.all(cases.map(refused));
    expect(await keys(['import', join(folder, 'none')])).toMatchObject({ code: 3 });
  });
});

const onEtcd = test.skipIf(noEtcd !== undefined);

onEtcd('prints what etcdctl prints', async () => {
  const steps: string[][] = [
    ['set', '/same/a', '1'],
    ['get', '/same/a'],
    ['mk', '/same/b', '2'],
    ['mkdir', '/same/d'],
    ['update', '/same/b', '3'],
    ['set', '--ttl', '500', '/same/t', '4'],
    ['set', '--swap-with-value', '3', '/same/b', '5'],
    ['ls', '--sort', '/same'],
    ['ls', '--sort', '-r', '-p', '/same'],
    ['ls', '/same/a'],
    ['rm', '/same/a'],
    ['rm', '--dir', '/same/d'],
    ['updatedir', '--ttl', '60', '/same'],
    ['rm', '-r', '/same'],
    ['setdir', '/same'],
    ['rmdir', '/same'],
  ];
  const url = etcd?.url ?? '';
  for (const words of steps) {
    const [theirs, ours] = await Promise.all([
      run('etcdctl', ['--endpoints', url, '--no-sync', ...words], '', { ETCDCTL_API: '2' }),
      keysOf(() => server.url)(words),
    ]);
    expect({ words, code: theirs.code }).toEqual({ words, code: 0 });
    expect({ words, code: ours.code, stdout: ours.stdout }).toEqual({ words, code: 0, stdout: theirs.stdout });
  }
});

onEtcd('copies an etcd with times to live, order and hidden keys, and follows it', async () => {
  const old = keysOf(() => etcd?.url ?? '');
  const own = keysOf(() => server.url);
  for (const words of [
    ['set', '/old/a', '1'],
    ['set', '--ttl', '300', '/old/short', '2'],
    ['mkdir', '--ttl', '300', '/old/ends'],
    ['set', '/old/ends/x', '3'],
    ['mk', '--in-order', '/old/q', 'first'],
    ['mk', '--in-order', '/old/q', 'second'],
    ['set', '/old/_secret/s', '4'],
  ])
    expect(await old(words)).toMatchObject({ code: 0 });
  const from = ['import', '--from-etcd', etcd?.url ?? '', '--path', '/old'];
  const copied = await own(from);
  expect(copied).toMatchObject({ code: 0, stdout: expect.stringMatching(/index \d+: 8 nodes in .*: 8 made\n$/) });
  expect(copied.stderr).toMatch(/is at index \d+\n.* does not list hidden keys/s);
  const listing = JSON.parse((await own(['ls', '-r', '-a', '--json', '/old'])).stdout) as { path: string; value?: string; ttl?: number }[];
  const theirs = JSON.parse((await old(['ls', '-r', '--json', '/old'])).stdout) as typeof listing;
  expect(listing.map(({ path, value }) => [path, value])).toEqual(theirs.map(({ path, value }) => [path, value]));
  for (const [at, { ttl }] of theirs.entries()) {
    if (ttl === undefined) expect(listing[at]?.ttl).toBeUndefined();
    else expect(Math.abs((listing[at]?.ttl ?? 0) - ttl)).toBeLessThan(5);
  }
  // Again: nothing to do. Hidden keys come by name.
  expect((await own(from)).stdout).toMatch(/: 0 made, 8 same\n$/);
  expect((await own([...from, '--path', '/old/_secret'])).stdout).toMatch(/: 2 made, 8 same\n$/);
  expect((await own(['get', '/old/_secret/s'])).stdout).toBe('4\n');

  const following = own([...from, '--path', '/old/_secret', '--follow']);
  await following.says(/ nodes in /);
  for (const words of [
    ['set', '/old/a', 'new'],
    ['set', '/old/new/deep', 'made'],
    ['set', '/old/_secret/s', 'changed'],
    ['rm', '/old/short'],
    ['rm', '-r', '/old/ends'],
    ['mkdir', '--ttl', '100', '/old/late'],
    ['updatedir', '/old/late'],
  ])
    expect(await old(words)).toMatchObject({ code: 0 });
  // The last change takes the time to live away.
  const late = async () => (await (await fetch(`${server.url}/v2/keys/old/late`)).json()) as { node?: { ttl?: number } };
  await until(async () => {
    const { node } = await late();
    return node !== undefined && node.ttl === undefined;
  });
  following.stop();
  expect(await following).toMatchObject({ code: 130, stderr: expect.stringMatching(/7 changes repeated, up to index \d+\n$/) });
  const last = async (keys: typeof own) =>
    (JSON.parse((await keys(['ls', '-r', '--json', '/old'])).stdout) as typeof listing).map(({ path, value, ttl }) => [path, value, ttl]);
  expect(await last(own)).toEqual(await last(old));
  expect((await own(['get', '/old/_secret/s'])).stdout).toBe('changed\n');
  await old(['rm', '-r', '/old']);
  await own(['rm', '-r', '/old']);
});

test('an export of a Weir is whole: hidden keys and what is not UTF-8', async () => {
  const keys = keysOf(() => server.url);
  const value = Buffer.from([0x61, 0xff, 0x00, 0xfe]);
  expect(await keys(['set', '/whole/bytes', '-'], value)).toMatchObject({ code: 0 });
  expect(await keys(['set', '/whole/_hidden/x', '1'])).toMatchObject({ code: 0 });
  expect((await keys(['get', '--raw', '/whole/bytes'])).bytes).toEqual(value);
  const exported = await keys(['export', '--path', '/whole', '-']);
  expect(exported.stderr).toBe('');
  const document = JSON.parse(exported.stdout) as { nodes: { path: string; value_base64?: string }[] };
  expect(document.nodes.map(({ path }) => path).toSorted()).toEqual(['/whole', '/whole/_hidden', '/whole/_hidden/x', '/whole/bytes']);
  await keys(['rm', '-r', '/whole']);
  expect(await keys(['import', '-'], exported.stdout)).toMatchObject({ code: 0, stdout: expect.stringMatching(/4 made/) });
  expect((await keys(['get', '--raw', '/whole/bytes'])).bytes).toEqual(value);
  expect((await keys(['get', '/whole/_hidden/x'])).stdout).toBe('1\n');
  await keys(['rm', '-r', '/whole']);
});

const ordered = (path: string, index: number): string =>
  JSON.stringify({ version: 1, nodes: [{ path: `${path}/${String(index).padStart(20, '0')}`, value: 'copied' }] });

test('new in-order keys come behind the copied ones, and the index is never used twice', async () => {
  const keys = keysOf(() => server.url);
  expect(await keys(['import', '-'], ordered('/raised', 5_000_000))).toMatchObject({ code: 0, stderr: '' });
  expect((await keys(['mk', '--in-order', '/raised', 'new'])).stdout).toBe('/raised/00000000000005000002\n');
  // Watchers that come back to before the jump are told that they missed something, those behind it nothing.
  expect((await keys(['watch', '-r', '--after-index', '5000001', '/raised'])).stdout).toBe('[create] /raised/00000000000005000002\nnew\n');
  // Again: the index is there already.
  expect(await keys(['import', '-'], ordered('/raised', 5_000_000))).toMatchObject({ code: 0, stdout: expect.stringMatching(/1 same/) });
  expect((await keys(['mk', '--in-order', '/raised', 'new'])).stdout).toBe('/raised/00000000000005000003\n');
  await keys(['rm', '-r', '/raised']);
  const alone = (words: string[], input?: string) => run(weirPath, ['keys', '--data', join(folder, 'raised'), ...words], input);
  expect(await alone(['import', '-'], ordered('/q', 7_000_000))).toMatchObject({ code: 0 });
  expect((await alone(['mk', '--in-order', '/q', 'new'])).stdout).toBe('/q/00000000000007000002\n');
});

onEtcd('an etcd cannot raise its index, and the command says so', async () => {
  const keys = keysOf(() => etcd?.url ?? '');
  expect(await keys(['import', '-'], ordered('/raised', 5_000_000))).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/cannot raise its index to 5000000/),
  });
  await keys(['rm', '-r', '/raised']);
});

test('works on a data directory that no server holds', async () => {
  const data = join(folder, 'alone');
  const keys = (words: string[], input?: string | Buffer) => run(weirPath, ['keys', '--data', data, ...words], input);
  const value = Buffer.from([0xff, 0x00]);
  expect(await keys(['set', '/a/b', '-'], value)).toMatchObject({ code: 0 });
  expect((await keys(['get', '--raw', '/a/b'])).bytes).toEqual(value);
  expect((await keys(['mk', '--in-order', '/q', 'x'])).stdout).toMatch(/^\/q\/\d{20}\n$/);
  expect((await keys(['ls', '-r'])).stdout).toMatch(/^\/a\n\/a\/b\n\/q\n\/q\/\d{20}\n$/);
  const exported = await keys(['export', '-']);
  expect(await keys(['import', '--prefix', '/copy', '-'], exported.stdout)).toMatchObject({ code: 0 });
  expect((await keys(['get', '--raw', '/copy/a/b'])).bytes).toEqual(value);
  expect(await keys(['watch', '/a'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/takes a server/) });
  // With the settings of a server.
  const config = join(folder, 'weir.json');
  await writeFile(config, JSON.stringify({ keys: { limits: { value: 1024 } }, flows: {} }));
  const limited = run(weirPath, ['keys', '--data', data, 'set', '/large', '-'], 'x'.repeat(1025), { WEIR_CONFIG: config });
  expect(await limited).toMatchObject({ code: 2, stderr: expect.stringMatching(/a value of 1025, at most 1024/) });
  const held = await run(weirPath, ['keys', '--data', join(folder, 'weir'), 'ls']);
  expect(held).toMatchObject({ code: 6, stderr: expect.stringMatching(/is in use by/) });
});
