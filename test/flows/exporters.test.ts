import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createLog } from '../../src/core/log.ts';
import { flowsDefaults } from '../../src/flows/defaults.ts';
import { createFlows, type Flows } from '../../src/flows/flows.ts';

/** Conversations of the capture, packets of each, and octets of layer 3 of a packet. */
const conversations = 120;
const packets = 4;
const octets = 100;

const sbin = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
const has = (program: string): boolean => spawnSync('which', [program], { env: sbin }).status === 0;
const needs = (what: string, program: string): string => `${what} [needs ${program}: scripts/setup]`;

let root: string;
let file: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-exporters-'));
  file = join(root, 'office.pcap');
  await writeFile(file, capture());
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Runs `work` with the port of a collector; answers what it stored once that is everything, or has stopped growing. */
const collect = async (name: string, work: (port: number) => Promise<void>) => {
  const config = { ...flowsDefaults, exporters: { ...flowsDefaults.exporters, listen: ['udp://127.0.0.1:0'], commitEvery: 100 } };
  const flows: Flows = createFlows(config, {
    dataFolder: join(root, name),
    log: createLog({ level: 'silent' }),
    clock: systemClock,
    isLongLived: true,
  });
  await flows.start();
  try {
    await work((await flows.exporters.state()).listeners[0]?.port as number);
    const everything = {
      bounds: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
      condition: '',
      parameters: [],
      ingestedAfterUs: undefined,
    };
    const packetsStored = async () => Number((await flows.store.summary(everything)).packets);
    await expect.poll(packetsStored).toBeGreaterThanOrEqual(conversations * packets);
    return { sums: await flows.store.summary(everything), state: await flows.exporters.state() };
  } finally {
    await flows.stop();
  }
};

const whole = { packets: conversations * packets, bytes: conversations * packets * octets };

test.skipIf(!has('softflowd')).each([
  ['5', 'netflow5'],
  ['9', 'netflow9'],
  ['10', 'ipfix'],
])(
  needs('what softflowd sends as version %s adds up to the capture', 'softflowd'),
  async (version, protocol) => {
    const { sums, state } = await collect(`softflowd-${version}`, async (port) => {
      const child = spawn('softflowd', ['-r', file, '-n', `127.0.0.1:${port}`, '-v', version, '-d'], { env: sbin, stdio: 'ignore' });
      await once(child, 'exit');
    });
    expect(sums).toMatchObject(whole);
    expect(state.exporters).toMatchObject([{ protocols: [protocol], faults: {} }]);
  },
  60_000,
);

test.skipIf(!has('nfpcapd') || !has('nfreplay'))(
  needs('what nfreplay sends adds up to the capture', 'nfdump'),
  async () => {
    const folder = await mkdtemp(join(root, 'nfpcapd-'));
    execFileSync('nfpcapd', ['-r', file, '-l', folder], { env: sbin, stdio: 'ignore' });
    const names = (await readdir(folder)).filter((name) => name.startsWith('nfcapd.'));
    const { sums, state } = await collect('nfreplay', async (port) => {
      for (const name of names)
        execFileSync('nfreplay', ['-r', join(folder, name), '-H', '127.0.0.1', '-p', String(port)], { env: sbin, stdio: 'ignore' });
    });
    expect(sums).toMatchObject(whole);
    expect(state.exporters).toMatchObject([{ protocols: ['netflow9'], faults: {} }]);
  },
  60_000,
);

test.skipIf(!has('pmacctd')).each([
  ['9', 'netflow9'],
  ['10', 'ipfix'],
])(
  needs('what pmacct sends as version %s adds up to the capture', 'pmacct'),
  async (version, protocol) => {
    const { sums, state } = await collect(`pmacct-${version}`, async (port) => {
      const settings = join(root, `pmacct-${version}.conf`);
      await writeFile(
        settings,
        [
          'daemonize: false',
          `pcap_savefile: ${file}`,
          'plugins: nfprobe',
          `nfprobe_receiver: 127.0.0.1:${port}`,
          `nfprobe_version: ${version}`,
          'aggregate: src_host, dst_host, src_port, dst_port, proto, tos',
          '',
        ].join('\n'),
      );
      const child = spawn('pmacctd', ['-f', settings], { env: sbin, stdio: 'ignore' });
      // It sends what it holds at the end of the file, and ends.
      await once(child, 'exit');
    });
    expect(sums).toMatchObject(whole);
    expect(state.exporters).toMatchObject([{ protocols: [protocol], faults: {} }]);
  },
  60_000,
);

/** UDP from many hosts to one, each with `packets` packets of `octets` octets, a few milliseconds apart. */
const capture = (): Uint8Array => {
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  const blocks: Uint8Array[] = [words(0xa1b2c3d4), Uint8Array.from([2, 0, 4, 0]), words(0, 0, 65_535, 1)];
  for (let round = 0; round < packets; round++) {
    for (let host = 0; host < conversations; host++) {
      const frame = Buffer.alloc(14 + octets);
      frame.write('0200000000020200000000010800', 'hex');
      frame.write('4500', 14, 'hex');
      frame.writeUInt16BE(octets, 16);
      frame.writeUInt16BE(host + 1, 18);
      frame[22] = 64;
      frame[23] = 17;
      frame.writeUInt32BE(0x0a000100 + host, 26);
      frame.writeUInt32BE(0x0a000001, 30);
      frame.writeUInt16BE(20_000 + host, 34);
      frame.writeUInt16BE(53, 36);
      frame.writeUInt16BE(octets - 20, 38);
      const sum = checksum(frame.subarray(14, 34));
      frame.writeUInt16BE(sum, 24);
      const at = round * 500_000 + host * 1000;
      blocks.push(words(1_700_000_000 + Math.floor(at / 1e6), at % 1e6, frame.length, frame.length), frame);
    }
  }
  return Buffer.concat(blocks);
};

/** Of an IPv4 header (RFC 1071): softflowd looks at nothing else, but other programs do. */
const checksum = (header: Buffer): number => {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
};
