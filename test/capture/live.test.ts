/** `weir packets capture` on loopback: what it prints and writes, what it refuses, and that its child ends with it. */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostNamesIn } from '../../src/packets/capture/names-in-filter.ts';
import { RunningServer } from '../flows/running-server.ts';
import { hasDumpcap, hasTcpdump, linesOf, show, tcpdumpLines } from './reading.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const canCapture = hasTcpdump && process.getuid?.() === 0;
if (!canCapture) console.warn('skipped: live captures (they need tcpdump and root)');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-capture-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A capture by the command, from its first packet to its end. */
class Capturing {
  readonly child;
  readonly ended: Promise<number | null>;
  said = '';
  printed = '';

  constructor(args: string[]) {
    this.child = spawn(weir, ['packets', 'capture', '-i', 'lo', ...args], { env: { ...process.env, XDG_DATA_HOME: join(folder, 'home') } });
    this.child.stderr.on('data', (text) => (this.said += text));
    this.child.stdout.on('data', (text) => (this.printed += text));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  async until(what: () => boolean): Promise<void> {
    while (!what()) {
      if (this.child.exitCode !== null) throw new Error(`the capture has ended: ${this.said}`);
      await pause(20);
    }
  }

  running = (): Promise<void> => this.until(() => this.said.includes('capturing on'));
}

/** Sends datagrams to a port of loopback until told otherwise: a capture starts when it starts. */
async function whileSending<T>(port: number, work: () => Promise<T>): Promise<T> {
  const socket = createSocket('udp4');
  const timer = setInterval(() => socket.send('marker', port, '127.0.0.1'), 20);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

/** A port of loopback that belongs to this test for as long as it lasts. */
async function freePort(): Promise<{ port: number; close: () => void }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

describe.skipIf(!canCapture)('on loopback [needs root and tcpdump]', { timeout: 120_000 }, () => {
  test('prints, writes files in turn and stops after a count, all at once', async () => {
    const { port, close } = await freePort();
    const file = join(folder, 'turn.pcap');
    const capture = new Capturing(['-w', file, '--turn-packets', '2', '-W', '3', '--print', '-c', '9', 'udp', 'port', String(port)]);
    expect(await whileSending(port, () => capture.ended)).toBe(0);
    close();
    expect(linesOf(capture.printed)).toHaveLength(9);
    expect(capture.said).toMatch(/9 packets captured, \d+ received by the filter, 0 dropped by the kernel/);
    const names = readdirSync(folder).filter((name) => name.startsWith('turn'));
    expect(names.sort()).toEqual(['turn-00003.pcap', 'turn-00004.pcap', 'turn-00005.pcap']);
    expect(statSync(join(folder, 'turn-00003.pcap')).mode & 0o777).toBe(0o600);
    const lines = names.flatMap((name) => tcpdumpLines(join(folder, name)));
    expect(lines).toHaveLength(5);
    expect(linesOf(await show(join(folder, 'turn-00005.pcap')))).toEqual(lines.slice(4));
  });

  test.skipIf(!hasDumpcap)('dumpcap does the same, and counts what it drops [needs dumpcap]', async () => {
    const { port, close } = await freePort();
    const file = join(folder, 'dumpcap.pcap');
    const capture = new Capturing(['--tool', 'dumpcap', '-w', file, '-c', '5', 'udp', 'port', String(port)]);
    expect(await whileSending(port, () => capture.ended)).toBe(0);
    close();
    expect(tcpdumpLines(file)).toHaveLength(5);
    expect(capture.said).toMatch(/5 packets captured, \d+ received by the filter, 0 dropped by the kernel/);
    const wrong = new Capturing(['--tool', 'dumpcap', 'tcp', 'and', 'and']);
    expect(await wrong.ended).not.toBe(0);
    expect(wrong.said).toMatch(/The capture filter is wrong[\s\S]*syntax error/);
  });

  test('shows HTTP as it comes, and ends well with Ctrl-C', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n')).on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const capture = new Capturing(['--http', '--json', 'tcp', 'port', String(port)]);
    await capture.running();
    await fetch(`http://127.0.0.1:${port}/seen`);
    await capture.until(() => capture.printed.includes('/seen'));
    capture.child.kill('SIGINT');
    expect(await capture.ended).toBe(0);
    server.close();
    expect(JSON.parse(linesOf(capture.printed)[0] as string)).toMatchObject({ request: { uri: '/seen' }, response: { code: 204 } });
  });

  test('the child has no rights but one, and ends with us when we are killed', async () => {
    const capture = new Capturing(['udp port 1']);
    await capture.running();
    const children = readFileSync(`/proc/${capture.child.pid}/task/${capture.child.pid}/children`, 'utf8').trim().split(' ');
    const tcpdump = children.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'tcpdump') as string;
    const status = readFileSync(`/proc/${tcpdump}/status`, 'utf8');
    expect(status).toMatch(/^CapEff:\s+0000000000002000$/m);
    expect(status).not.toMatch(/^Uid:\s+0\s/m);
    capture.child.kill('SIGKILL');
    await capture.ended;
    while (existsSync(`/proc/${tcpdump}`) && !/State:\s+Z/.test(readFileSync(`/proc/${tcpdump}/status`, 'utf8'))) await pause(20);
  });

  test('flows reach a server, wait while it is away, and are there once', async () => {
    const { port, close } = await freePort();
    await using server = await RunningServer.start();
    const spool = join(folder, 'spool');
    const away = new Capturing(['--to', 'http://127.0.0.1:9', '--spool', spool, '-c', '5', 'udp', 'port', String(port)]);
    expect(await whileSending(port, () => away.ended)).toBe(0);
    expect(away.said).toContain('flows wait in');
    const files = readdirSync(spool);
    expect(files.length).toBeGreaterThan(0);
    const again = new Capturing(['--to', server.url, '--spool', spool, '--idle', '1s', 'udp', 'port', String(port)]);
    await again.running();
    await whileSending(port, () => again.until(() => readdirSync(spool).every((name) => !files.includes(name))));
    const count = async (): Promise<number> => {
      const answer = await fetch(`${server.url}/api/v1/flows/summary?filter=${encodeURIComponent(`dst port ${port}`)}`);
      return ((await answer.json()) as { flows: number }).flows;
    };
    while ((await count()) < 2) await pause(50);
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
    expect(again.said).toContain('all stored');
    expect(await count()).toBe(2);
    close();
  });

  test('wrong filters are told with the reason, and words cannot become options', () => {
    const complaint = (...args: string[]): string => {
      try {
        execFileSync(weir, ['packets', 'capture', '-i', 'lo', ...args], { encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        return String((error as { stderr: string }).stderr);
      }
      return 'no complaint';
    };
    expect(complaint('tcp prt 80')).toContain('The capture filter');
    expect(complaint('ip.src == 10.0.0.1')).toContain('display filter');
    const evil = join(folder, 'evil');
    expect(complaint('--', `-w ${evil}`)).not.toBe('no complaint');
    expect(existsSync(evil)).toBe(false);
  });
});

test('names of hosts in filters are found, words of the language are not', () => {
  expect(hostNamesIn('host example.org and port http')).toEqual(['example.org']);
  expect(hostNamesIn('icmp[icmptype] == icmp-echo or tcp[tcpflags] & tcp-syn != 0')).toEqual([]);
  expect(hostNamesIn('ether host 02:00:00:00:00:01 and net 10.0.0.0/8 and portrange 80-90 or ip6 host fe80::1')).toEqual([]);
  expect(hostNamesIn('src nosuchhost')).toEqual(['nosuchhost']);
});
