import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { Problem } from '../../core/problem.ts';
import type { Packet } from '../../packets/index.ts';
import { meterDefaults } from '../meter/options.ts';
import { RingBroken } from '../meter/packet-ring.ts';
import { packetOf, type Row, replyOf, rowsOf, segmentOf, tcp } from '../meter/testing.ts';
import { linkThreads, receiveBatches } from './batch-channel.ts';
import { prepareMetering } from './meter-start.ts';
import type { Metering } from './metering.ts';
import { startMetering } from './start-metering.ts';

const unknownSize = null;
const small = 1000;
/** Milliseconds that a writer of packets sleeps at a time. */
const quickly = 5;

let stopping = new AbortController();
afterEach(() => {
  stopping.abort();
  stopping = new AbortController();
});

/** Meters packets and gives the rows that came out, in their order. */
const rowsFrom = async (packets: readonly Packet[], octets: number | null): Promise<Row[]> => {
  const { reader, writer } = linkThreads();
  const rows: Row[] = [];
  const received = receiveBatches(
    writer,
    async (batch, _, release) => {
      rows.push(...rowsOf(batch));
      release();
    },
    stopping.signal,
  );
  const metering = await startMetering({ ...meterDefaults, keepMacs: true, keyVlan: true, tunnels: 'both' }, reader, octets);
  await metering.ready;
  for (const packet of packets) metering.add(packet);
  await metering.end();
  await received;
  expect(metering.flows).toBe(rows.length);
  return rows;
};

/** Packets with everything that a meter reads, in all kinds of flow. */
const mixedPackets = (count: number): Packet[] =>
  Array.from({ length: count }, (_, i) => {
    const at = i / 1000;
    const from = 1 + (i % 997);
    const common = {
      from,
      srcMac: 0x0200_0000_0000 + from,
      dstMac: 0x0200_ffff_ffff,
      vlanId: (i % 5) - 1,
      ttl: 30 + (i % 40),
      flags: i % 16,
    };
    if (i % 7 === 0)
      return packetOf({ at, ...common, protocol: 1, srcPort: -1, dstPort: -1, icmpType: 8, icmpCode: 0, icmpIdentifier: i % 9 });
    if (i % 7 === 1) return replyOf({ at: at - 0.5, to: from });
    if (i % 7 === 2) return segmentOf(at, i % 3 === 0 ? tcp.syn : tcp.ack | tcp.fin, { from, tcpSequence: i * 100, tcpPayload: i % 50 });
    if (i % 7 === 3) {
      const fragment = { isFragment: 1, fragmentOffset: (i % 4) * 8, moreFragments: 1, identification: i >> 3 };
      return packetOf({ at, from, ...fragment, ...(i % 4 === 0 ? {} : { srcPort: -1, dstPort: -1 }) });
    }
    if (i % 7 === 4)
      return packetOf({ at, from, ipVersion: 6, srcA: 0x20010db8 | 0, srcB: i % 3, srcC: -1, flowLabel: 0xfffff, mplsLabel: 77 });
    if (i % 7 === 5) return packetOf({ at, from, protocol: 47, srcPort: -1, dstPort: -1, tunnelDepth: 0 });
    return packetOf({ at, from, tunnelDepth: 1, tunnelType: 3, octets: 1 + (i % 1400), tos: i % 256 });
  });

test('a thread of its own gives the same flows in the same order', async () => {
  const packets = mixedPackets(50_000);
  const here = await rowsFrom(packets, small);
  expect(here.length).toBeGreaterThan(8192);
  expect(await rowsFrom(packets, unknownSize)).toEqual(here);
});

test('a capture without packets ends', async () => {
  expect(await rowsFrom([], unknownSize)).toEqual([]);
});

test('a thread that dies without a word ends the import, which tells so', async () => {
  const { reader, writer } = linkThreads();
  receiveBatches(writer, async (_batch, _, release) => release(), stopping.signal).catch(() => undefined);
  const started = once(process, 'worker');
  const metering = await startMetering(meterDefaults, reader, unknownSize);
  const [worker] = (await started) as [Worker];
  await metering.ready;
  metering.add(packetOf({ at: 0 }));
  await worker.terminate();
  expect(() => {
    for (let i = 0; i < 50_000; i++) metering.add(packetOf({ at: i }));
  }).toThrow(RingBroken);
  await expect(metering.end()).rejects.toMatchObject({ code: 'internal', title: 'the thread that meters has ended' });
});

test('a thread that dies while this one sleeps on the ring ends the import, which tells so', async () => {
  const { reader, writer } = linkThreads();
  receiveBatches(writer, async (_batch, _, release) => release(), stopping.signal).catch(() => undefined);
  const started = once(process, 'worker');
  const metering = await startMetering(meterDefaults, reader, unknownSize, quickly);
  const [worker] = (await started) as [Worker];
  await metering.ready;
  void worker.terminate(); // and nobody is told, for this thread does not return to its events
  expect(() => {
    for (let i = 0; i < 500_000; i++) metering.add(packetOf({ at: i }));
  }).toThrow(RingBroken);
  await expect(metering.end()).rejects.toMatchObject({ code: 'internal', title: 'the thread that meters has ended' });
});

test('a thread that was started ahead is used once, and a dead one not at all', async () => {
  const packets = mixedPackets(3000);
  const here = await rowsFrom(packets, small);
  const started = once(process, 'worker');
  prepareMetering();
  const [worker] = (await started) as [Worker];
  await worker.terminate();
  expect(await rowsFrom(packets, unknownSize)).toEqual(here);
  prepareMetering();
  expect(await rowsFrom(packets, unknownSize)).toEqual(here);
  expect(await rowsFrom(packets, unknownSize)).toEqual(here);
});

test('a failed writer ends a thread of its own, which tells why', async () => {
  const { reader, writer } = linkThreads();
  const received = receiveBatches(writer, () => Promise.reject(new Problem('unavailable', 'the disk is full')), stopping.signal);
  received.catch(() => undefined);
  const metering: Metering = await startMetering({ ...meterDefaults, activeMs: 1, idleMs: 1, udpIdleMs: 1 }, reader, unknownSize);
  await metering.ready;
  const added = new Promise<void>((_, reject) => {
    // Each packet is a flow, so batches leave soon. In slices, for the failing side lives in this thread.
    const slice = (from: number): void => {
      try {
        for (let i = from; i < from + 5000; i++) metering.add(packetOf({ at: i * 2, from: i % 250 }));
        setImmediate(slice, from + 5000);
      } catch (error) {
        reject(error);
      }
    };
    slice(0);
  });
  await expect(added).rejects.toThrow(RingBroken);
  await expect(metering.end()).rejects.toThrow('has failed');
});
