/** Conversations made by hand: segments of TCP between two ends, as frames of a capture. */
import { writeFileSync } from 'node:fs';
import { octets, u16, u32 } from '../../src/packets/frame-builder.ts';
import { createCaptureWriter } from '../../src/packets/writer.ts';

export const flag = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 };

/** One connection from 10.0.0.1 to 10.0.0.2; numbers begin at 1000 and 5000. */
export class Conversation {
  readonly #port: number;
  readonly #server: number;
  #sent = [1000, 5000];

  constructor(port: number, server = 8081) {
    this.#port = port;
    this.#server = server;
  }

  /** A segment of side 0 (client) or 1 (server) at its next number, or at another. */
  segment(side: 0 | 1, flags: number, text = '', sequence = this.#sent[side] as number): Uint8Array {
    const payload = Buffer.from(text, 'latin1');
    const other = this.#sent[1 - side] as number;
    if (sequence === this.#sent[side]) this.#sent[side] = sequence + payload.length + ((flags & 3) !== 0 ? 1 : 0);
    const ports = side === 0 ? [this.#port, this.#server] : [this.#server, this.#port];
    const ends = side === 0 ? '0a000001 0a000002' : '0a000002 0a000001';
    const header = octets(u16(ports[0] as number), u16(ports[1] as number), u32(sequence), u32((flags & flag.ack) === 0 ? 0 : other));
    const tcp = octets(header, 0x50, flags, u16(8192), u32(0), payload);
    const ip = octets('4500', u16(20 + tcp.length), '0000 4000 4006 0000', ends, tcp);
    return octets('020000000002 020000000001 0800', ip);
  }

  /** SYN, SYN-ACK, ACK. */
  opened(): Uint8Array[] {
    return [this.segment(0, flag.syn), this.segment(1, flag.syn | flag.ack), this.segment(0, flag.ack)];
  }
}

/** Writes frames as a capture, a millisecond apart; those with a time of their own (seconds from the start) at that. */
export function writeFrames(path: string, frames: readonly (Uint8Array | { at: number; frame: Uint8Array })[]): void {
  const blocks: Uint8Array[] = [];
  const writer = createCaptureWriter({ linkType: 1 }, (block) => blocks.push(block));
  let micros = 0;
  for (const one of frames) {
    const frame = 'frame' in one ? one.frame : one;
    micros = 'frame' in one ? Math.round(one.at * 1e6) : micros + 1000;
    writer.write(1_700_000_000 + Math.floor(micros / 1e6), (micros % 1_000_000) * 1000, frame);
  }
  writer.end();
  writeFileSync(path, Buffer.concat(blocks));
}
