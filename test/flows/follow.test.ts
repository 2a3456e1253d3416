/** `weir import --follow`: a capture that is still being written becomes flows that can be asked for meanwhile. */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ethernet, ipv4, octets, udp } from '../../src/packets/frame-builder.ts';
import { hasTcpdump } from '../capture/reading.ts';
import { pcapngOf, pcapOf } from './made-captures.ts';
import { RunningServer } from './running-server.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const canCapture = hasTcpdump && process.getuid?.() === 0;
if (!canCapture) console.warn('skipped: following what tcpdump writes (it needs tcpdump and root)');

let folder: string;
let server: RunningServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-follow-'));
  server = await RunningServer.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A command that follows, with what it says. */
class Following {
  readonly child;
  readonly ended: Promise<number | null>;
  said = '';
  printed = '';

  constructor(path: string, ...args: string[]) {
    const place = args.includes('--data') ? [] : ['--server', server.url];
    this.child = spawn(weir, ['import', '--follow', path, ...place, ...args], {
      env: { ...process.env, XDG_DATA_HOME: join(folder, 'home') },
    });
    this.child.stderr.on('data', (text) => (this.said += text));
    this.child.stdout.on('data', (text) => (this.printed += text));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  running = (): Promise<void> => expect.poll(() => this.said, { timeout: 20_000 }).toContain('following');

  end(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** So many datagrams, each a flow, a second apart, from a port up; long ago, so that the clock on the wall has no part in it. */
const frames = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({
    seconds: 1_000_000_000 + at,
    nanos: 0,
    bytes: ethernet(0x0800, ipv4({ protocol: 17 }, udp(octets('00'), from + at, 9))),
  }));
const capture = (from: number, count: number): Uint8Array => pcapOf(frames(from, count));

type Ran = { code: number | null; stdout: string; stderr: string };

async function run(...words: string[]): Promise<Ran> {
  const child = spawn(weir, words);
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (ran.stdout += text));
  child.stderr.on('data', (text) => (ran.stderr += text));
  const [code] = await once(child, 'close');
  return { ...ran, code: code as number | null };
}

const flowsOf = async (words: string): Promise<number> => (await server.summary(words)).flows;

describe('a file that grows', { timeout: 60_000 }, () => {
  test.each(['pcap', 'pcapng'] as const)('%s in pieces: flows are there while it runs, half a packet is waited for', async (format) => {
    const path = join(folder, `growing.${format}`);
    const from = format === 'pcap' ? 10_000 : 20_000;
    const whole = format === 'pcap' ? capture(from, 50) : pcapngOf(frames(from, 50));
    writeFileSync(path, '');
    const following = new Following(path, '--idle-udp', '0.5');
    await following.running();
    // Pieces of no round size: each ends within a header or a packet.
    const last = whole.length - 5;
    for (let at = 0; at < last; at += 509) {
      appendFileSync(path, whole.subarray(at, Math.min(last, at + 509)));
      await pause(20);
    }
    await expect.poll(() => flowsOf(`port ${from}-${from + 49}`), { timeout: 20_000 }).toBe(49);
    appendFileSync(path, whole.subarray(last));
    await expect.poll(() => flowsOf(`port ${from}-${from + 49}`), { timeout: 20_000 }).toBe(50);
    expect(await following.end()).toBe(0);
    expect(following.printed).toContain(`growing.${format}: 50 packets: 50 in 50 flows;`);
    expect(following.said).toContain('50 flows, all stored');
  });

  test('what has not ended is stored when SIGTERM comes, and JSON tells of it', async () => {
    const path = join(folder, 'open.pcap');
    const whole = capture(30_000, 10);
    writeFileSync(path, whole.subarray(0, -3));
    const following = new Following(path, '--json', '--idle', '0', '--idle-udp', '0', '--name', 'eth0');
    await following.running();
    await pause(500);
    expect(await flowsOf('port 30000-30009')).toBe(0);
    expect(await following.end('SIGTERM')).toBe(0);
    expect(JSON.parse(following.printed)).toMatchObject({
      ...{ name: 'eth0', state: 'done', format: 'pcap', packets: 9, packets_metered: 9, flows: 9, bytes_read: whole.length - 3 },
      warnings: [expect.stringContaining('the file ends inside a packet')],
    });
    expect(await flowsOf('port 30000-30009')).toBe(9);
  });

  test('into a data directory that no server holds, with the sums of an import', async () => {
    const path = join(folder, 'there.pcap');
    writeFileSync(path, capture(1000, 2000));
    const data = join(folder, 'data');
    const following = new Following(path, '--data', data);
    await following.running();
    await pause(1000);
    expect(await following.end()).toBe(0);
    const { stdout } = await run('flows', 'summary', '--json', '--data', data);
    expect(JSON.parse(stdout)).toMatchObject({ flows: 2000, packets: 2000, first: 1_000_000_000, last: 1_000_001_999 });
  });

  test.each([
    ['became shorter', 40_000, (path: string) => truncateSync(path, 100)],
    ['is gone', 41_000, (path: string) => unlinkSync(path)],
    [
      'is another file now',
      42_000,
      (path: string) => {
        // What was written before the other file took its name is read, too.
        appendFileSync(path, capture(42_100, 1).subarray(24));
        writeFileSync(`${path}.new`, capture(1, 1));
        renameSync(`${path}.new`, path);
      },
    ],
  ] as const)('one that %s ends it in order, and what was read is kept', async (what, from, change) => {
    const path = join(folder, 'changed.pcap');
    writeFileSync(path, capture(from, 5));
    const following = new Following(path);
    await following.running();
    await pause(500);
    change(path);
    expect(await following.ended).toBe(6);
    expect(following.said).toContain(`weir: ${path} ${what} while it was followed`);
    expect(await flowsOf(`port ${from}-${from + 999}`)).toBe(from === 42_000 ? 6 : 5);
  });

  test('damage ends it, with offset and packet, and what was good is kept', async () => {
    const path = join(folder, 'damaged.pcap');
    writeFileSync(path, octets(capture(50_000, 3), new Uint8Array(32).fill(0xee)));
    const following = new Following(path);
    expect(await following.ended).toBe(2);
    expect(following.said).toMatch(/The capture is corrupt at packet 4, offset \d+/);
    expect(await flowsOf('port 50000-50002')).toBe(3);
  });

  test.skipIf(!canCapture)('tcpdump writes it [needs root and tcpdump]', async () => {
    const path = join(folder, 'tcpdump.pcap');
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const tcpdump = spawn('tcpdump', ['-i', 'lo', '-U', '--immediate-mode', '-Z', 'root', '-w', path, 'udp', 'port', String(port)]);
    await once(tcpdump.stderr, 'data');
    const following = new Following(path, '--idle-udp', '0.5');
    await following.running();
    for (let sent = 0; sent < 20; sent++) {
      socket.send('marker', port, '127.0.0.1');
      await pause(20);
    }
    await expect.poll(() => flowsOf(`port ${port}`), { timeout: 20_000 }).toBeGreaterThan(0);
    expect((await server.summary(`port ${port}`)).packets).toBeGreaterThanOrEqual(20);
    tcpdump.kill('SIGINT');
    expect(await following.end()).toBe(0);
    socket.close();
  });
});

describe('what cannot be followed is refused', () => {
  const refused = (...words: string[]) => run('import', '--follow', ...words, '--server', 'http://127.0.0.1:9');

  test('with a reason each', async () => {
    const plain = join(folder, 'plain.pcap');
    const packed = join(folder, 'packed.pcap.gz');
    const text = join(folder, 'rows.csv');
    const pipe = join(folder, 'pipe');
    writeFileSync(plain, capture(1, 1));
    writeFileSync(packed, gzipSync(capture(1, 1)));
    writeFileSync(text, '1,0,C1,N1,C2,N2,6,1,40\n');
    execFileSync('mkfifo', [pipe]);
    const cases: [string[], number, RegExp][] = [
      [['-'], 2, /Standard input cannot be followed\.\n {2}hint: a stream is followed by itself/],
      [[folder], 2, /is a folder, and one file can be followed/],
      [[plain, packed], 2, /One file can be followed, and these are 2/],
      [[packed], 2, /is packed with gzip, and cannot be followed/],
      [[text], 2, /cannot be read as a capture\n {2}The first four octets are 312c302c/],
      [[pipe], 2, /is a pipe or a device/],
      [[join(folder, 'none')], 3, /there is no file/],
      [[plain, '--format', 'csv'], 2, /Only captures can be followed, not csv/],
      [[plain, '--again'], 2, /'--follow' cannot be used with option '--again'/],
    ];
    for (const [words, code, expected] of cases) {
      const ran = await refused(...words);
      expect([words, ran.code, ran.stderr]).toEqual([words, code, expect.stringMatching(expected)]);
    }
  });
});
