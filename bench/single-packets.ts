/**
 * A capture in which each packet is a flow of its own: UDP datagrams between ends that never repeat, from sources some of
 * which send far more than others. For rankings, where the number of flows counts and not the work of metering.
 */
import { createCaptureWriter } from '../src/packets/index.ts';
import { type Ends, Frame } from './frame.ts';
import { xorshift } from './xorshift.ts';

export type SinglePackets = { packets: number; seconds?: number; seed?: number };

const firstSecond = 1_735_689_600; // 2025-01-01T00:00:00Z
const hosts = 60_000;

/** Makes the capture and gives it to `onBlock` in blocks of about 1 MiB, which are the taker's. */
export function writeSingles({ packets, seconds = 3600, seed = 53 }: SinglePackets, onBlock: (block: Uint8Array) => void): void {
  const writer = createCaptureWriter({ linkType: 1, precision: 'micro' }, onBlock);
  const frame = new Frame();
  const random = xorshift(seed);
  const ends: Ends = { client: 0, server: 0, clientPort: 0, serverPort: 0, isIpv6: false };
  for (let packet = 0; packet < packets; packet++) {
    const time = (packet / packets) * seconds;
    ends.client = 0x0a00_0000 + Math.floor(((random() % 1_000_000) / 1_000_000) ** 3 * hosts);
    // The packet's number in the server's address and port: no two packets have the same ends.
    ends.server = 0xac10_0000 + (packet >>> 14);
    ends.serverPort = 10_000 + (packet & 0x3fff);
    ends.clientPort = 30_000 + (random() % 30_000);
    const length = frame.udp(ends, false, 18 + (random() % 40));
    const second = Math.floor(time);
    writer.write(firstSecond + second, Math.floor((time - second) * 1e9), frame.bytes.subarray(0, length));
  }
  writer.end();
}
