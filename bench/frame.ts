/** One Ethernet frame in reused memory, its headers written over the last ones; the payload is a fixed noise that nothing reads. */
import { xorshift } from './xorshift.ts';

/** A session's two ends. Addresses are the low 32 bits; an IPv6 address puts them behind 2001:db8::. */
export type Ends = { client: number; server: number; clientPort: number; serverPort: number; isIpv6: boolean };

export const tcpFlags = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 } as const;

const maxFrame = 1514;
const ethernetOctets = 14;

export class Frame {
  readonly bytes = new Uint8Array(maxFrame);
  readonly #view = new DataView(this.bytes.buffer);
  #identification = 0;

  constructor() {
    const random = xorshift(1514);
    for (let i = 0; i < maxFrame; i++) this.bytes[i] = random();
    this.bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  }

  /** A segment of `payload` octets; answers with the length of the frame. */
  tcp(ends: Ends, isReply: boolean, segment: { flags: number; sequence: number; acknowledged: number; payload: number }): number {
    const at = this.#network(ends, isReply, 6, 20 + segment.payload);
    this.#ports(at, ends, isReply);
    this.#view.setUint32(at + 4, segment.sequence);
    this.#view.setUint32(at + 8, segment.acknowledged);
    this.#view.setUint16(at + 12, 0x5000 | segment.flags);
    this.#view.setUint16(at + 14, 8192);
    this.#view.setUint32(at + 16, 0);
    return at + 20 + segment.payload;
  }

  /** A datagram of `payload` octets; answers with the length of the frame. */
  udp(ends: Ends, isReply: boolean, payload: number): number {
    const at = this.#network(ends, isReply, 17, 8 + payload);
    this.#ports(at, ends, isReply);
    this.#view.setUint16(at + 4, 8 + payload);
    this.#view.setUint16(at + 6, 0);
    return at + 8 + payload;
  }

  /** An echo request or its reply with 56 octets, as `ping` sends them; answers with the length of the frame. */
  echo(ends: Ends, isReply: boolean, sequence: number): number {
    const at = this.#network({ ...ends, isIpv6: false }, isReply, 1, 64);
    this.#view.setUint16(at, isReply ? 0 : 0x0800);
    this.#view.setUint16(at + 2, 0);
    this.#view.setUint16(at + 4, ends.clientPort);
    this.#view.setUint16(at + 6, sequence);
    return at + 64;
  }

  #ports(at: number, ends: Ends, isReply: boolean): void {
    this.#view.setUint16(at, isReply ? ends.serverPort : ends.clientPort);
    this.#view.setUint16(at + 2, isReply ? ends.clientPort : ends.serverPort);
  }

  /** Ethernet and IP; answers with the offset of what follows. */
  #network(ends: Ends, isReply: boolean, protocol: number, length: number): number {
    const source = isReply ? ends.server : ends.client;
    const destination = isReply ? ends.client : ends.server;
    return ends.isIpv6 ? this.#ipv6(source, destination, protocol, length) : this.#ipv4(source, destination, protocol, length);
  }

  #ipv4(source: number, destination: number, protocol: number, length: number): number {
    const view = this.#view;
    view.setUint16(12, 0x0800);
    view.setUint16(14, 0x4500);
    view.setUint16(16, 20 + length);
    this.#identification = (this.#identification + 1) & 0xffff;
    view.setUint16(18, this.#identification);
    view.setUint16(20, 0x4000);
    view.setUint16(22, (64 << 8) | protocol);
    view.setUint16(24, 0);
    view.setUint32(26, source);
    view.setUint32(30, destination);
    view.setUint16(24, this.#checksum());
    return ethernetOctets + 20;
  }

  #ipv6(source: number, destination: number, protocol: number, length: number): number {
    const view = this.#view;
    view.setUint16(12, 0x86dd);
    view.setUint32(14, 0x60000000);
    view.setUint16(18, length);
    view.setUint16(20, (protocol << 8) | 64);
    for (const [at, host] of [[22, source] as const, [38, destination] as const]) {
      view.setUint32(at, 0x20010db8);
      view.setUint32(at + 4, 0);
      view.setUint32(at + 8, 0);
      view.setUint32(at + 12, host);
    }
    return ethernetOctets + 40;
  }

  /** Of the IPv4 header (RFC 1071): some meters check it. */
  #checksum(): number {
    let sum = 0;
    for (let at = ethernetOctets; at < ethernetOctets + 20; at += 2) sum += this.#view.getUint16(at);
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~(sum + (sum >>> 16)) & 0xffff;
  }
}
