/**
 * Captures in a network of namespaces, where connections go wrong in all ways: what became of each handshake, beside what tshark
 * says of the same packets.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, whyNoLab } from '../scans/lab.ts';
import { hasTcpdump, hasTshark, linesOf, show } from './reading.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const why = hasTcpdump ? whyNoLab() : 'tcpdump is needed';
if (why !== undefined) console.warn(`skipped: captures in a lab (${why})`);

/** 2001 and 2002 are open, 2003 resets at once, 2005 is closed. */
const serverFilter = `
tcp dport 2011 drop
tcp dport 2012 reject with icmp type port-unreachable
tcp dport 2013 reject with icmp type admin-prohibited
tcp dport 2022 tcp flags syn / fin,syn,rst,ack numgen inc mod 2 0 drop
`;
/** The client never hears that it was answered. */
const clientFilter = 'tcp sport 2021 drop';
const ports = [2001, 2003, 2005, 2011, 2012, 2013, 2021, 2022];

/** Connects to all ports at once, and ends after the first repetitions of the kernel (1 s). */
const connecting = `
const net = require('node:net');
for (const port of process.argv.slice(1)) net.connect(Number(port), '10.77.0.2').on('error', () => {});
setTimeout(() => process.exit(), 2600);
`;

type Handshake = {
  server_port: number;
  outcome: string;
  rtt_ms: number | null;
  syn_retries: number;
  syn_ack_retries: number;
  icmp: { type: number; code: number } | null;
};

describe.skipIf(why !== undefined)('in a network [needs root, nftables, nmap and tcpdump]', () => {
  let folder: string;
  let file: string;
  let lab: Lab;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-capture-lab-'));
    file = join(folder, 'lab.pcap');
    lab = new Lab();
    await lab.host(2, { ports: [2001, 2002, 2003, 2011, 2021, 2022], filter: serverFilter });
    lab.filter('s', clientFilter);
    const capture = await lab.start('s', 'sh', '-c', `exec "$0" packets capture -i eth0 -w "$1" tcp or icmp 2>&1`, weir, file);
    lab.in('s', process.execPath, '-e', connecting, ...ports.map(String));
    lab.in('s', 'nmap', '-n', '-Pn', '-sS', '-p', '2002', '10.77.0.2');
    const ended = new Promise((resolve) => capture.once('exit', resolve));
    capture.kill('SIGINT');
    await ended;
  }, 120_000);
  afterAll(async () => {
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const handshakes = async (): Promise<Map<number, Handshake>> => {
    const lines = linesOf(await show(file, { handshakes: true }, true));
    return new Map(lines.map((line) => JSON.parse(line) as Handshake).map((one) => [one.server_port, one]));
  };

  test('each connection is told as what it was', async () => {
    const found = await handshakes();
    expect(Object.fromEntries([...found].map(([port, { outcome }]) => [port, outcome]))).toEqual({
      2001: 'established',
      2002: 'reset-by-client',
      2003: 'reset-after-accept',
      2005: 'refused',
      2011: 'no-answer',
      2012: 'unreachable',
      2013: 'unreachable',
      2021: 'half-open',
      2022: 'established',
    });
    expect(found.get(2012)?.icmp).toEqual({ type: 3, code: 3 });
    expect(found.get(2013)?.icmp).toEqual({ type: 3, code: 13 });
    expect(found.get(2021)?.syn_ack_retries).toBeGreaterThan(0);
    expect(found.get(2022)).toMatchObject({ syn_retries: 1 });
  });

  test.skipIf(!hasTshark)('SYNs and round trips are those that tshark finds [needs tshark]', async () => {
    const found = await handshakes();
    const rows = (filter: string, ...fields: string[]) =>
      linesOf(
        execFileSync('tshark', ['-n', '-r', file, '-Y', filter, '-T', 'fields', ...fields.flatMap((one) => ['-e', one])], {
          encoding: 'utf8',
        }),
      );
    // A header that an ICMP error quotes is TCP to tshark.
    const syns = rows('tcp.flags.syn == 1 && tcp.flags.ack == 0 && !icmp', 'tcp.dstport').map(Number);
    for (const port of ports) expect([port, found.get(port)?.syn_retries]).toEqual([port, syns.filter((one) => one === port).length - 1]);
    const [theirs] = rows('tcp.analysis.initial_rtt && tcp.dstport == 2001', 'tcp.analysis.initial_rtt');
    expect(found.get(2001)?.rtt_ms).toBeCloseTo(1000 * Number(theirs), 4);
  });
});
