import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import { flowsDefaults } from '../defaults.ts';
import { createFlows, type Flows } from '../flows.ts';
import { commonFields, commonRecord, ipfix, join as joined, netflow9, set, template } from './export-builder.ts';
import type { ExportersState } from './exporters.ts';
import { isAllowed, parseAllowed, parseExportListener } from './listen.ts';
import { replay } from './replay.ts';

let root: string;
let flows: Flows;

const open = async (exporters: Partial<typeof flowsDefaults.exporters>): Promise<void> => {
  const config = { ...flowsDefaults, exporters: { ...flowsDefaults.exporters, commitEvery: 100, memory: 32 * 1024 * 1024, ...exporters } };
  flows = createFlows(config, { dataFolder: root, log: createLog({ level: 'silent' }), clock: systemClock, isLongLived: true });
  await flows.start();
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-exporters-'));
});
afterEach(async () => {
  await flows?.stop().catch(() => undefined);
  await rm(root, { recursive: true, force: true });
});

const portOf = async (): Promise<number> => (await flows.exporters.state()).listeners[0]?.port as number;

const untilState = (isThere: (state: ExportersState) => boolean): Promise<ExportersState> =>
  vi.waitFor(
    async () => {
      const state = await flows.exporters.state();
      if (!isThere(state)) throw new Error(`it has not come to that: ${JSON.stringify(state)}`);
      return state;
    },
    { timeout: 110_000 },
  );

const send = async (port: number, datagrams: readonly Uint8Array[]): Promise<void> => {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (const datagram of datagrams) await new Promise<void>((resolve) => socket.send(datagram, () => resolve()));
  await new Promise<void>((resolve) => socket.close(resolve));
};

const announced = set(0, template(256, commonFields));
const records = (from: number, count: number) => set(256, joined(...Array.from({ length: count }, (_, at) => commonRecord(from + at))));

const everything = {
  bounds: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
  condition: '',
  parameters: [],
  ingestedAfterUs: undefined,
};

test('what came by UDP is stored, and a restart keeps templates and source', async () => {
  await open({ listen: ['udp://127.0.0.1:0'] });
  await send(await portOf(), [
    netflow9({ sequence: 1 }, announced),
    netflow9({ sequence: 2 }, records(0, 20)),
    netflow9({ sequence: 5 }, records(20, 20)),
  ]);
  const first = await untilState(({ stored }) => stored === 40);
  expect(first.exporters).toMatchObject([{ name: '127.0.0.1', protocols: ['netflow9'], flows: 40, lost: 2, gaps: 1, templates: 1 }]);
  expect(first.template_problem).toBeNull();
  await flows.stop();

  await open({ listen: ['udp://127.0.0.1:0'] });
  await send(await portOf(), [netflow9({ sequence: 6 }, records(40, 10))]);
  const second = await untilState(({ stored }) => stored === 10);
  expect(second.exporters[0]).toMatchObject({ flows: 10, waiting: 0, late: 0 });
  expect(await flows.store.summary(everything)).toMatchObject({ flows: 50, sources: 1 });
  const { findings } = await flows.store.check();
  expect(findings).toEqual([]);
  expect(flows.imports.list()).toEqual([]);
});

test('who asks for what came after a moment gets that alone', async () => {
  await open({ listen: ['udp://127.0.0.1:0'] });
  const port = await portOf();
  await send(port, [netflow9({ sequence: 1 }, announced, records(0, 5))]);
  await untilState(({ stored }) => stored === 5);
  const moment = BigInt(Date.now()) * 1000n;
  await sleep(5);
  await send(port, [netflow9({ sequence: 2 }, records(5, 7))]);
  await untilState(({ stored }) => stored === 12);
  const after = (ingestedAfterUs: bigint) => flows.store.summary({ ...everything, ingestedAfterUs });
  expect(await after(moment)).toMatchObject({ flows: 7 });
  expect(await after(0n)).toMatchObject({ flows: 12 });
  expect(await after(BigInt(Date.now() + 1000) * 1000n)).toMatchObject({ flows: 0 });
});

test('IPFIX comes by TCP in pieces of any size; another stream ends the connection', async () => {
  await open({ listen: ['tcp://127.0.0.1:0'] });
  const port = await portOf();
  const stream = joined(
    ipfix({}, set(2, template(256, commonFields))),
    ipfix({ sequence: 0 }, records(0, 30)),
    ipfix({ sequence: 30 }, records(30, 3)),
  );
  const socket = connect(port, '127.0.0.1');
  for (let at = 0; at < stream.length; at += 101) socket.write(stream.subarray(at, at + 101));
  const state = await untilState(({ stored }) => stored === 33);
  expect(state.exporters).toMatchObject([{ protocols: ['ipfix'], flows: 33, lost: 0, faults: {} }]);
  socket.end();
  await untilState(({ exporters }) => exporters.length === 0);
  const stranger = connect(port, '127.0.0.1');
  stranger.on('error', () => undefined);
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await once(stranger, 'close');
});

test('recorded exports are sent again', async () => {
  await open({ listen: ['udp://127.0.0.1:0'] });
  const datagrams = [netflow9({ sequence: 1 }, announced), netflow9({ sequence: 2 }, records(0, 9))];
  const file = join(root, 'exports.pcap');
  await writeFile(file, captureOf(datagrams));
  const to = parseExportListener(`udp://127.0.0.1:${await portOf()}`);
  const { signal } = new AbortController();
  const sent = await replay(file, { to, speed: 100, port: 2055, signal, onProgress: () => undefined });
  expect(sent).toMatchObject({ datagrams: 2, passed: 0, cut: 0 });
  await untilState(({ stored }) => stored === 9);
});

test('several sockets share an address', async () => {
  await open({ listen: ['udp://127.0.0.1:0'], sockets: 3, buffer: 65_536 });
  const [listener] = (await flows.exporters.state()).listeners;
  expect(listener).toMatchObject({ sockets: 3, buffer: 65_536, kernel_drops: 0 });
});

test('an address that others reach opens only to named networks', async () => {
  await expect(open({ listen: ['udp://0.0.0.0:0'] })).rejects.toThrow(Problem);
  await flows.stop();
  await open({ listen: ['udp://0.0.0.0:0'], allow: ['192.0.2.0/24'] });
});

test('an address that is taken is told', async () => {
  const taken = createSocket('udp4');
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  await expect(open({ listen: [`udp://127.0.0.1:${taken.address().port}`] })).rejects.toThrow('taken by another process');
  taken.close();
});

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['10.1.2.3', true],
  ['11.0.0.1', false],
  ['192.0.2.7', true],
  ['192.0.2.8', false],
  ['2001:db8::5', true],
  ['2001:db9::5', false],
  ['', false],
])('%s may send: %s', (address, may) => {
  expect(isAllowed(address, parseAllowed(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']))).toBe(may);
});

/** A capture of raw IP with these UDP payloads, from 10.0.0.1:7 to 10.0.0.2:2055. */
const captureOf = (datagrams: readonly Uint8Array[]): Uint8Array => {
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  const packets = datagrams.map((payload) => {
    const head = Buffer.from('45000000000000004011000000000000000000000007080700000000', 'hex');
    head.writeUInt16BE(28 + payload.length, 2);
    head.writeUInt32BE(0x0a000001, 12);
    head.writeUInt32BE(0x0a000002, 16);
    head.writeUInt16BE(8 + payload.length, 24);
    return Buffer.concat([head, payload]);
  });
  const head = Buffer.concat([words(0xa1b2c3d4), Uint8Array.from([2, 0, 4, 0]), words(0, 0, 65_535, 101)]);
  return Buffer.concat([head, ...packets.flatMap((packet, at) => [words(1_700_000_000 + at, 0, packet.length, packet.length), packet])]);
};
