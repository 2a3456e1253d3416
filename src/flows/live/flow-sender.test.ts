import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decode, Packet } from '../../packets/index.ts';
import type { FlowsPort } from '../access.ts';
import { FlowSender } from './flow-sender.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-sender-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A store that takes its time. */
function slowStore(takesMs: number) {
  const store = { files: 0, isClosed: false };
  const port = {
    import: async () => {
      await pause(takesMs);
      store.files++;
    },
    close: async () => {
      store.isClosed = true;
    },
  } as unknown as FlowsPort;
  return { store, port };
}

/** A datagram that is a flow of its own, and has timed out with the next one. */
function datagram(number: number): Packet {
  const frame = Buffer.from(`4500001c00000000401100000a0000010a000002${(1000 + number).toString(16).padStart(4, '0')}003500080000`, 'hex');
  const packet = new Packet();
  packet.seconds = 1_000_000_000 + number * 10;
  packet.original = packet.captured = frame.length;
  decode(101, new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0, packet);
  return packet;
}

const open = (port: FlowsPort, spoolOctets?: number): Promise<FlowSender> =>
  FlowSender.open({ port, target: 'x', name: 'x-', meter: { udpIdleMs: 1000 }, spool: folder, spoolOctets, isQuiet: true });

test('a store that is slow is asked less often', async () => {
  const { store, port } = slowStore(180);
  const sender = await open(port);
  for (let number = 0; number < 100; number++) {
    sender.add(datagram(number));
    sender.tick(Date.now());
    await pause(20);
  }
  expect(store.files).toBeGreaterThan(0);
  expect(store.files).toBeLessThan(9); // of ten, every 200 ms
  await sender.close();
  expect([sender.flows, store.isClosed]).toEqual([100, true]);
});

test('packets of a file wait while there is no room, and none is lost', async () => {
  const { store, port } = slowStore(50);
  const sender = await open(port, 1);
  const stopping = new AbortController();
  for (let number = 0; number < 3; number++) {
    sender.add(datagram(number));
    await pause(250);
    await sender.settle(0, stopping.signal);
  }
  await sender.close();
  expect(sender.flows).toBe(3);
  expect(store.files).toBeGreaterThan(1);
});
