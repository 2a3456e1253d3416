/** Transfers between a sender and a receiver, and between a receiver and what is no sender. */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { type NetworkAddress, parseSocketAddress } from '../address.ts';
import { connectTo } from '../connect.ts';
import { Blake3 } from './blake3.ts';
import { Channel } from './channel.ts';
import { createDigest, type DigestName } from './digest.ts';
import { Folder } from './folder.ts';
import { fuzzTransfer, messagesOf, transferSeeds } from './fuzz.ts';
import { encodeDataHead, encodeMessage, type Offer, types } from './message.ts';
import { nameFault } from './name.ts';
import { Pace } from './pace.ts';
import type { ReceivedFile, ReceiveOptions } from './receiver.ts';
import { type SentFile, sendFiles } from './sender.ts';
import { serveTransfers, type TransferServer } from './serve.ts';
import { findSources } from './sources.ts';

const root = mkdtempSync(join(tmpdir(), 'weir-transfer-'));
const servers: TransferServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const until = (holds: () => unknown) => vi.waitFor(() => expect(holds()).toBeTruthy(), { timeout: 110_000, interval: 5 });
let folders = 0;
const newFolder = (): string => {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
};

type Receiving = Partial<ReceiveOptions> & { address?: string };

async function receiver({ address = 'tcp://127.0.0.1:0', ...more }: Receiving = {}) {
  const into = newFolder();
  const files: ReceivedFile[] = [];
  const ends: unknown[] = [];
  const receive = {
    folder: await Folder.open(into),
    token: undefined,
    maxSize: 1e9,
    overwrites: false,
    allowsHidden: false,
    syncs: false,
    onProgress: () => {},
    onFile: (file: ReceivedFile) => files.push(file),
    ...more,
  };
  const parsed = parseSocketAddress(address) as NetworkAddress & { kind: 'tcp' };
  const server = await serveTransfers(parsed, {
    atOnce: 4,
    idleMs: 60_000,
    allowed: undefined,
    receive,
    onEnd: (_peer, error) => ends.push(error),
  });
  servers.push(server);
  return { into, files, ends, bound: server.bound as NetworkAddress & { kind: 'tcp' } };
}

type Sending = { digest?: DigestName; token?: string; rate?: number; stopAt?: number };

/** Sends paths; with `stopAt` the connection is cut when so many bytes of a file have gone. */
async function send(
  bound: NetworkAddress & { kind: 'tcp' },
  paths: string[],
  { digest = 'sha256', token, rate = Number.POSITIVE_INFINITY, stopAt }: Sending = {},
) {
  const socket = await connectTo(bound, 100_000);
  sockets.push(socket);
  const channel = new Channel(socket, { idleMs: 60_000, peer: bound });
  const files: SentFile[] = [];
  const onProgress = (_name: string, bytes: number) => {
    if (stopAt !== undefined && bytes >= stopAt) socket.destroy();
  };
  try {
    await sendFiles(channel, await findSources(paths, () => {}), {
      token,
      digest,
      pace: new Pace(rate),
      onProgress,
      onFile: (file) => files.push(file),
    });
  } finally {
    channel.destroy();
  }
  return files;
}

function makeFile(name: string, bytes: Uint8Array | string): string {
  const path = join(newFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

test.each(['sha256', 'blake3', 'none'] as const)('files of any size arrive, with %s', async (digest) => {
  const { into, bound, files } = await receiver();
  const sizes = [0, 1, 65_536, 983_040, 2_500_001];
  const paths = sizes.map((size) => makeFile(`f${size}`, randomBytes(size)));
  const sent = await send(bound, paths, { digest });
  expect(sent.map(({ outcome }) => outcome)).toEqual(sizes.map(() => 'ok'));
  for (const [at, size] of sizes.entries())
    expect(readFileSync(join(into, `f${size}`)).equals(readFileSync(paths[at] as string))).toBe(true);
  expect(readdirSync(into).toSorted()).toEqual(sizes.map((size) => `f${size}`).toSorted());
  expect(files.map(({ sum }) => sum)).toEqual(sent.map(({ sum }) => sum));
});

test('BLAKE3 is that of its specification', () => {
  const known = {
    0: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
    1023: '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11',
    1024: '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7',
    1025: 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444',
    31744: '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47',
    102400: 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085',
  };
  for (const [length, sum] of Object.entries(known)) {
    const hash = new Blake3();
    const bytes = Uint8Array.from({ length: Number(length) }, (_none, at) => at % 251);
    for (let at = 0; at < bytes.length; at += 37) hash.update(bytes.subarray(at, at + 37));
    expect(Buffer.from(hash.digest()).toString('hex')).toBe(sum);
  }
});

test('folders come with their files; links do not', async () => {
  const { into, bound } = await receiver();
  const from = newFolder();
  mkdirSync(join(from, 'photos', 'old'), { recursive: true });
  writeFileSync(join(from, 'photos', 'a.txt'), 'a');
  writeFileSync(join(from, 'photos', 'old', 'b.txt'), 'b', { mode: 0o755 });
  symlinkSync('/etc/passwd', join(from, 'photos', 'passwd'));
  await send(bound, [join(from, 'photos')]);
  expect(readFileSync(join(into, 'photos/a.txt'), 'utf8')).toBe('a');
  expect(lstatSync(join(into, 'photos/old/b.txt')).mode & 0o777).toBe(0o755);
  expect(existsSync(join(into, 'photos/passwd'))).toBe(false);
});

describe('resume', () => {
  const bytes = randomBytes(3_000_000);

  async function begun(digest: DigestName = 'sha256') {
    const where = await receiver();
    const path = makeFile('big', bytes);
    await expect(send(where.bound, [path], { stopAt: 1_500_000, digest })).rejects.toThrow();
    await until(() => where.ends.length === 1);
    const part = join(where.into, 'big.part');
    expect(readdirSync(where.into)).toEqual(['big.part', 'big.part.json']);
    return { ...where, path, part };
  }

  test.each(['sha256', 'blake3', 'none'] as const)('goes on where it stopped, with %s', async (digest) => {
    const { bound, path, into } = await begun(digest);
    const [file] = await send(bound, [path], { digest });
    expect(file).toMatchObject({ outcome: 'ok' });
    expect(file?.resumedAt).toBeGreaterThan(0);
    expect(readFileSync(join(into, 'big')).equals(bytes)).toBe(true);
    expect(readdirSync(into)).toEqual(['big']);
  });

  test('a file that has changed begins anew', async () => {
    const { bound, path, into } = await begun();
    utimesSync(path, new Date(0), new Date(1000));
    const [file] = await send(bound, [path]);
    expect(file).toMatchObject({ outcome: 'ok', resumedAt: 0 });
    expect(readFileSync(join(into, 'big')).equals(bytes)).toBe(true);
  });

  test('a part that is not its beginning is thrown away', async () => {
    const { bound, path, into, part } = await begun();
    const wrong = readFileSync(part);
    wrong[0] = (wrong[0] as number) ^ 1;
    writeFileSync(part, wrong);
    const [file] = await send(bound, [path]);
    expect(file).toMatchObject({ outcome: 'ok', resumedAt: 0 });
    expect(readFileSync(join(into, 'big')).equals(bytes)).toBe(true);
  });

  test('a part whose note was cut off begins anew', async () => {
    const { bound, path, part } = await begun();
    truncateSync(`${part}.json`, 5);
    expect(await send(bound, [path])).toMatchObject([{ outcome: 'ok', resumedAt: 0 }]);
  });
});

test('a name that is taken is rejected, the others come; --overwrite replaces', async () => {
  const { into, bound } = await receiver();
  writeFileSync(join(into, 'a'), 'old');
  const paths = [makeFile('a', 'new'), makeFile('b', 'b')];
  expect(await send(bound, paths)).toMatchObject([
    { name: 'a', outcome: 'exists' },
    { name: 'b', outcome: 'ok' },
  ]);
  expect(readFileSync(join(into, 'a'), 'utf8')).toBe('old');
  const other = await receiver({ overwrites: true });
  writeFileSync(join(other.into, 'a'), 'old');
  expect(await send(other.bound, paths)).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
  expect(readFileSync(join(other.into, 'a'), 'utf8')).toBe('new');
});

test('what is too large, hidden or of a folder that is a link is rejected', async () => {
  const { into, bound } = await receiver({ maxSize: 10 });
  symlinkSync(root, join(into, 'link'));
  const from = newFolder();
  mkdirSync(join(from, 'link'));
  writeFileSync(join(from, 'link', 'x'), 'x');
  const sent = await send(bound, [makeFile('large', 'x'.repeat(11)), makeFile('.hidden', 'x'), join(from, 'link')]);
  expect(sent).toMatchObject([{ outcome: 'too_large' }, { outcome: 'bad_name' }, { outcome: 'denied' }]);
  expect(existsSync(join(root, 'x'))).toBe(false);
});

test('both sides have to know the token', async () => {
  const { bound, into, ends } = await receiver({ token: 'a long secret' });
  const path = makeFile('f', 'f');
  await expect(send(bound, [path])).rejects.toThrow('asks for a token');
  await expect(send(bound, [path], { token: 'another one' })).rejects.toThrow();
  await until(() => ends.length === 2);
  expect(ends[1]).toMatchObject({ message: 'The other side has another token.' });
  expect(readdirSync(into)).toEqual([]);
  expect(await send(bound, [path], { token: 'a long secret' })).toMatchObject([{ outcome: 'ok' }]);
});

test('a rate holds', async () => {
  const waited: number[] = [];
  const pace = new Pace(1_000_000);
  const begun = performance.now();
  for (let at = 0; at < 4; at++) {
    await pace.wait(pace.chunk);
    waited.push(performance.now() - begun);
  }
  // The fourth tenth of a second's bytes may go after three of them, at the earliest.
  expect(waited[3]).toBeGreaterThanOrEqual(299);
});

describe('a hostile sender', () => {
  const id = 'ab'.repeat(16);
  const hello = encodeMessage('HELLO', { version: 1, nonce: id, chunk: 65_536, digests: ['sha256'], hasToken: false });
  const offer = (more: Partial<Offer>) =>
    encodeMessage('OFFER', { id, name: 'f', size: 5, mtime: 0, mode: 0o644, digest: 'sha256', ...more });
  const data = (offset: number, text: string, of = id) =>
    Buffer.concat([encodeDataHead(Buffer.from(of, 'hex'), offset, text.length), Buffer.from(text)]);

  /** Says all that, and answers what came back until the receiver ended or `ends` was reached. */
  async function say(port: number, ...pieces: Uint8Array[]): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    let said = '';
    socket.on('data', (bytes: Buffer) => {
      said += bytes.toString('latin1');
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (const piece of pieces) {
      const before = said.length;
      socket.write(piece);
      // Behind an offer a real sender waits for the answer.
      if (piece[4] === types.OFFER) await until(() => /"offset"|"code"|"reason"/.test(said.slice(before)) || socket.destroyed);
    }
    socket.end();
    await closed;
    return said;
  }

  test.each([
    '../f',
    '/f',
    'a/../../f',
    'a//b',
    '',
    '.',
    '..',
    'a\\b',
    'x\0',
    'x\n',
    '-f',
    '.f',
    'f.part',
    'f.part.json',
    'e\u0301',
    '\ud800',
    'x'.repeat(256),
    `${'a/'.repeat(40)}f`,
    'a\u202etxt',
  ])('the name %j is rejected', async (name) => {
    const { bound, into, files } = await receiver();
    const said = await say(bound.port, hello, offer({ name }));
    expect(said).toContain('bad_name');
    expect(files).toMatchObject([{ outcome: 'bad_name', name: '(refused name)' }]);
    expect(readdirSync(into)).toEqual([]);
  });

  test.each([
    ['another checksum', [offer({}), data(0, 'hello'), encodeMessage('END', { id, size: 5, sum: '00'.repeat(32) })]],
    ['no checksum', [offer({}), data(0, 'hello'), encodeMessage('END', { id, size: 5, sum: null })]],
    ['fewer bytes', [offer({}), data(0, 'hell'), encodeMessage('END', { id, size: 5, sum: null })]],
  ])('with %s nothing appears, and nothing is kept', async (_what, pieces) => {
    const { bound, into } = await receiver();
    expect(await say(bound.port, hello, ...pieces)).toContain('mismatch');
    expect(readdirSync(into)).toEqual([]);
  });

  test.each([
    ['bytes behind the end', [offer({}), data(0, 'hello!')]],
    ['bytes for another place', [offer({}), data(2, 'he')]],
    ['bytes of another file', [offer({}), data(0, 'he', 'cd'.repeat(16))]],
    ['bytes that nobody asked for', [data(0, 'he')]],
    ['an absurd length', [Buffer.from('ffffffff', 'hex')]],
    ['a message that is too long', [Buffer.concat([Buffer.from('000fffff', 'hex'), Uint8Array.of(2), Buffer.alloc(70_000, 0x20)])]],
    ['a negative size', [offer({ size: -5 })]],
    ['text for a size', [offer({ size: '5' as unknown as number })]],
    ['HTTP', [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
    [
      'a second END',
      [offer({ size: 0 }), encodeMessage('END', { id, size: 0, sum: null }), encodeMessage('END', { id, size: 0, sum: null })],
    ],
  ])('%s ends the connection, and no file has its name', async (_what, pieces) => {
    const { bound, into, ends } = await receiver();
    await say(bound.port, hello, ...pieces);
    await until(() => ends.length === 1);
    expect(ends[0]).toBeInstanceOf(Error);
    expect(existsSync(join(into, 'f'))).toBe(false);
  });

  test('an offer of more than there is room for sets nothing aside', async () => {
    const { bound, into } = await receiver({ maxSize: Number.MAX_SAFE_INTEGER });
    expect(await say(bound.port, hello, offer({ size: 2 ** 52 }))).toContain('no_space');
    expect(readdirSync(into)).toEqual([]);
  });

  test('a part that is a link, or has another name elsewhere, is not written through', async () => {
    const { bound, into } = await receiver();
    const target = makeFile('target', 'precious');
    symlinkSync(target, join(into, 'f.part'));
    expect(await say(bound.port, hello, offer({}))).toContain('denied');
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });
});

test('messages are the same however they are cut, and any bytes end in a Problem', () => {
  const [stream] = transferSeeds as [Uint8Array];
  const whole = messagesOf([stream]);
  for (let cut = 1; cut < stream.length; cut++) expect(messagesOf([stream.slice(0, cut), stream.slice(cut)])).toBe(whole);
  for (const seed of transferSeeds) fuzzTransfer(seed);
});

test('names that are right are taken', () => {
  for (const name of ['a', 'a b.txt', 'ä/ö/ü', 'x'.repeat(255), '日本.txt', 'a.partial'])
    expect(nameFault(name, { allowsHidden: false })).toBeUndefined();
  expect(nameFault('.profile', { allowsHidden: true })).toBeUndefined();
});

test('an unknown checksum is named', async () => {
  await expect(createDigest('crc32')).rejects.toThrow('no checksum "crc32"');
});
