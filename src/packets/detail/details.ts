/** One packet with everything that its fields tell: a scratch that is filled again for each packet and read by field. */

import type { HttpHead } from '../follow/http-head.ts';
import { type CaptureInterface, linkTypes } from '../link.ts';
import { outcome, Packet } from '../packet.ts';
import { protocols } from '../transport.ts';
import { type DnsMessage, isDnsPort, parseDns } from './dns.ts';
import { linkPayloadOffset, networkEnd, tcpOffset, transportOffset } from './layers.ts';
import { type ClientHello, parseClientHello } from './tls.ts';

const none: readonly HttpHead[] = [];

export class Details {
  view: DataView = new DataView(new ArrayBuffer(0));
  offset = 0;
  packet = new Packet();
  link: CaptureInterface | undefined;
  result = 0;
  /** Counts from 1. */
  number = 0;
  /** Heads of HTTP messages that are complete with this packet. */
  heads = none;
  #dns: DnsMessage | undefined | null = null;
  #hello: ClientHello | undefined | null = null;
  #tcp = -2;
  #transport = -2;

  set(view: DataView, offset: number, packet: Packet, link: CaptureInterface, result: number, number: number, heads = none): this {
    this.view = view;
    this.offset = offset;
    this.packet = packet;
    this.link = link;
    this.result = result;
    this.number = number;
    this.heads = heads;
    this.#dns = null;
    this.#hello = null;
    this.#tcp = -2;
    this.#transport = -2;
    return this;
  }

  get isIp(): boolean {
    return this.result === outcome.decoded;
  }

  get isEthernet(): boolean {
    return this.link?.linkType === linkTypes.ethernet && this.packet.captured >= 14;
  }

  /** Where the TCP header starts, or -1. */
  get tcp(): number {
    if (this.#tcp === -2) this.#tcp = this.isIp ? tcpOffset(this.view, this.packet) : -1;
    return this.#tcp;
  }

  /** Where the transport header starts, or -1. */
  get transport(): number {
    if (this.#transport === -2) this.#transport = this.isIp ? transportOffset(this.view, this.packet) : -1;
    return this.#transport;
  }

  /** Where the UDP header starts, or -1. */
  get udp(): number {
    const { protocol, payloadOffset, srcPort } = this.packet;
    const at = protocol === protocols.udp && srcPort >= 0 ? this.transport : -1;
    return at >= 0 && payloadOffset >= at + 8 ? at : -1;
  }

  /** Where an ARP packet starts, or -1. */
  get arp(): number {
    if (this.result !== outcome.nonIp || this.packet.etherType !== 0x0806) return -1;
    const at = linkPayloadOffset(this.link?.linkType ?? -1, this.view, this.offset, this.packet);
    return at >= 0 && this.offset + this.packet.captured - at >= 28 && this.view.getUint32(at + 2) === 0x0800_0604 ? at : -1;
  }

  /** End of the captured octets of the IP packet. */
  get networkEnd(): number {
    return networkEnd(this.offset, this.packet);
  }

  get dns(): DnsMessage | undefined {
    if (this.#dns === null) this.#dns = this.#parseDns();
    return this.#dns;
  }

  get hello(): ClientHello | undefined {
    if (this.#hello === null) {
      const { payloadOffset: start, payloadLength } = this.packet;
      this.#hello = this.tcp >= 0 && payloadLength > 0 ? parseClientHello(this.view, start, start + payloadLength) : undefined;
    }
    return this.#hello;
  }

  #parseDns(): DnsMessage | undefined {
    const { srcPort, dstPort, payloadOffset, payloadLength } = this.packet;
    if (this.udp < 0 || !(isDnsPort(srcPort) || isDnsPort(dstPort))) return undefined;
    return parseDns(this.view, payloadOffset, payloadOffset + payloadLength);
  }

  /** A TCP option of that kind and length: where its value starts, or -1. */
  tcpOption(kind: number, length: number): number {
    if (this.tcp < 0) return -1;
    const end = Math.min(this.packet.payloadOffset, this.networkEnd);
    for (let at = this.tcp + 20; at < end; ) {
      const found = this.view.getUint8(at);
      if (found === 0) return -1;
      if (found === 1) {
        at++;
        continue;
      }
      const octets = end - at < 2 ? 0 : this.view.getUint8(at + 1);
      if (octets < 2 || at + octets > end) return -1;
      if (found === kind && octets === length) return at + 2;
      at += octets;
    }
    return -1;
  }
}
