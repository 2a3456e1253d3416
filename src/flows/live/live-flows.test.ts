import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decode, Packet } from '../../packets/index.ts';
import { LiveFlows } from './live-flows.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-live-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.end()));
  rmSync(folder, { recursive: true, force: true });
});

const opened: LiveFlows[] = [];
const begin = 1_800_000_000;

/** A datagram from a port, so many seconds after the beginning. */
function datagram(at: number, port: number): Packet {
  const frame = Buffer.from(`4500001c00000000401100000a0000010a000002${port.toString(16).padStart(4, '0')}003500080000`, 'hex');
  const packet = new Packet();
  packet.seconds = begin + Math.floor(at);
  packet.nanos = Math.round((at % 1) * 1e9);
  packet.original = packet.captured = frame.length;
  decode(101, new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0, packet);
  return packet;
}

/** Lets the clock run as a capture does, eight times a second; answers when the last flow had ended. */
function untilEnded(live: LiveFlows, from: number, to: number): number | undefined {
  for (let at = from; at <= to; at += 0.125) {
    live.tick((begin + at) * 1000);
    if (live.live === 0) return at;
  }
  return undefined;
}

describe('the inactive time-out of live flows', () => {
  const live = () => {
    const flows = new LiveFlows(folder, 'x', { idleMs: 1000, udpIdleMs: 1000 });
    opened.push(flows);
    return flows;
  };

  test.for([0.05, 0.5, 0.93])('passes no sooner, and half a second later at most (a packet at %s s)', (at) => {
    const flows = live();
    flows.add(datagram(at, 1000));
    const ended = untilEnded(flows, at, at + 3);
    expect(ended).toBeGreaterThan(at + 1);
    expect(ended).toBeLessThan(at + 1.6);
  });

  test('holds after a long silence, too', () => {
    const flows = live();
    flows.add(datagram(0.5, 1000));
    expect(untilEnded(flows, 0.5, 3)).toBeDefined();
    flows.tick((begin + 7.1) * 1000);
    flows.add(datagram(7.2, 1001));
    expect(untilEnded(flows, 7.2, 10)).toBeGreaterThan(8.2);
  });

  test('is not passed by packets that come in time', () => {
    const flows = live();
    for (let at = 0.9; at < 6; at += 0.9) {
      flows.add(datagram(at, 1000));
      expect(untilEnded(flows, at, at + 0.875)).toBeUndefined();
    }
    expect(flows.live).toBe(1);
  });
});

test('what ends while there is no room is counted, and not written', async () => {
  const flows = new LiveFlows(folder, 'x', {});
  flows.add(datagram(0, 1));
  flows.keeps = false;
  await flows.end();
  expect([flows.flows, flows.lost]).toEqual([1, 1]);
  expect(readdirSync(folder).filter((name) => name.endsWith('.parquet'))).toEqual([]);
});
