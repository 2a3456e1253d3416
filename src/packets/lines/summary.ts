/**
 * One line a packet, in the words of `tcpdump -n`: who has learnt to read those need not learn again. Numbers of TCP are
 * relative to the connection, as there. A request or answer of HTTP is named on any port. Makes no object and no string
 * on the way of TCP and UDP.
 */
import { isDnsPort, parseDns } from '../detail/dns.ts';
import { isHttpStart } from '../detail/http-start.ts';
import { linkPayloadOffset, networkEnd, tcpOffset, transportOffset } from '../detail/layers.ts';
import { outcome, outcomes, type Packet } from '../packet.ts';
import { protocols } from '../transport.ts';
import { writeArp } from './arp-line.ts';
import { writeDns } from './dns-line.ts';
import { writeIcmp } from './icmp-line.ts';
import { ascii, LineBuffer } from './line-buffer.ts';
import { LineTime, type LineTimeForm } from './line-time.ts';
import { SequenceBases } from './sequence-bases.ts';
import { writeTcpOptions } from './tcp-options.ts';

export type SummaryOptions = {
  time?: LineTimeForm;
  /** Numbers of TCP as they are on the wire. */
  isAbsolute?: boolean;
  /** Begins each line with the number of the packet, from 1. */
  isNumbered?: boolean;
};

const words = {
  ip: ascii('IP '),
  ip6: ascii('IP6 '),
  to: ascii(' > '),
  colon: ascii(': '),
  flags: ascii('Flags ['),
  sequence: ascii('], seq '),
  flagsEnd: ascii(']'),
  nextSequence: ascii(', seq '),
  acknowledgement: ascii(', ack '),
  window: ascii(', win '),
  urgent: ascii(', urg '),
  options: ascii(', options ['),
  length: ascii(', length '),
  udp: ascii('UDP, length '),
  http: ascii(': HTTP: '),
  mpls: ascii('MPLS (label '),
  mplsEnd: ascii(') '),
};

/** tcpdump's letters for the eight TCP flags, in its order. */
const flagTexts = Array.from({ length: 256 }, (_, flags) => {
  const letters = ['F', 'S', 'R', 'P', '.', 'U', 'E', 'W'].filter((_letter, bit) => (flags & (1 << bit)) !== 0);
  return ascii(letters.join('') || 'none');
});

const protocolNames = new Map<number, string>([
  [2, 'igmp'],
  [protocols.ipip, 'IP'],
  [protocols.ipv6, 'IP6'],
  [protocols.gre, 'GRE'],
  [protocols.esp, 'ESP'],
  [51, 'AH'],
  [89, 'OSPF'],
  [103, 'PIM'],
  [112, 'VRRP'],
  [protocols.sctp, 'sctp'],
  [protocols.dccp, 'DCCP'],
]);

/** Octets of a request or status line that are shown. */
const httpLineOctets = 200;

export class Summary {
  readonly #line: LineBuffer;
  readonly #time: LineTime;
  readonly #bases = new SequenceBases();
  readonly #options: SummaryOptions;

  /** `onBlock` owns each block of whole lines that it is given. */
  constructor(options: SummaryOptions, onBlock: (block: Uint8Array) => void) {
    this.#options = options;
    this.#line = new LineBuffer(onBlock);
    this.#time = new LineTime(options.time ?? 'clock');
  }

  /** Hands on the lines so far. */
  flush(): void {
    this.#line.flush();
  }

  /** Adds the line of a packet that `decode` has opened with `result`. `number` counts packets from 1. */
  add(view: DataView, offset: number, packet: Packet, linkType: number, result: number, number: number): void {
    const line = this.#line;
    if (this.#options.isNumbered) {
      line.decimal(number);
      line.octet(32);
    }
    this.#time.write(line, packet.seconds, packet.nanos);
    if (result !== outcome.decoded) this.#writeOther(view, offset, packet, linkType, result);
    else this.#writeIp(view, offset, packet);
    line.end();
  }

  #writeIp(view: DataView, offset: number, packet: Packet): void {
    const line = this.#line;
    if (packet.mplsLabel >= 0) {
      line.put(words.mpls);
      line.decimal(packet.mplsLabel);
      line.put(words.mplsEnd);
    }
    line.put(packet.ipVersion === 4 ? words.ip : words.ip6);
    this.#writeAddress(packet.ipVersion, packet.srcA, packet.srcB, packet.srcC, packet.srcD);
    this.#writePort(packet.srcPort);
    line.put(words.to);
    this.#writeAddress(packet.ipVersion, packet.dstA, packet.dstB, packet.dstC, packet.dstD);
    this.#writePort(packet.dstPort);
    line.put(words.colon);
    if (packet.protocol === protocols.tcp && packet.fragmentOffset === 0) this.#writeTcp(view, offset, packet);
    else if (packet.protocol === protocols.udp && packet.fragmentOffset === 0) this.#writeUdp(view, packet);
    else this.#writeRest(view, offset, packet);
  }

  #writeAddress(version: number, a: number, b: number, c: number, d: number): void {
    if (version === 4) this.#line.ipv4(d);
    else this.#line.ipv6(a, b, c, d);
  }

  #writePort(port: number): void {
    if (port < 0) return;
    this.#line.octet(0x2e);
    this.#line.decimal(port);
  }

  #writeTcp(view: DataView, offset: number, packet: Packet): void {
    const line = this.#line;
    const start = tcpOffset(view, packet);
    if (start < 0) {
      line.text(packet.srcPort < 0 ? '[|tcp]' : '[|tcp: the header is cut or wrong]');
      return;
    }
    const bases = this.#bases;
    if (!this.#options.isAbsolute) bases.find(packet);
    const { tcpFlags: flags, tcpPayload: length } = packet;
    line.put(words.flags);
    line.put(flagTexts[flags & 255]!);
    line.put(words.flagsEnd);
    if (length > 0 || (flags & 7) !== 0) {
      const sequence = (packet.tcpSequence - bases.sequence) >>> 0;
      line.put(words.nextSequence);
      line.decimal(sequence);
      if (length > 0) {
        line.octet(0x3a);
        line.decimal((sequence + length) >>> 0);
      }
    }
    if ((flags & 16) !== 0) {
      line.put(words.acknowledgement);
      line.decimal((packet.tcpAcknowledgement - bases.acknowledgement) >>> 0);
    }
    line.put(words.window);
    line.decimal(view.getUint16(start + 14));
    if ((flags & 32) !== 0) {
      line.put(words.urgent);
      line.decimal(view.getUint16(start + 18));
    }
    if (packet.payloadOffset > start + 20) {
      line.put(words.options);
      writeTcpOptions(line, view, start + 20, Math.min(packet.payloadOffset, networkEnd(offset, packet)), bases.acknowledgement);
      line.octet(0x5d);
    }
    line.put(words.length);
    line.decimal(length);
    if (length > 0) this.#writeHttp(view, packet);
  }

  #writeHttp(view: DataView, packet: Packet): void {
    const { payloadOffset: start, payloadLength } = packet;
    if (payloadLength < 12 || !isHttpStart(view, start, start + payloadLength)) return;
    this.#line.put(words.http);
    const most = start + Math.min(payloadLength, httpLineOctets);
    let end = start;
    while (end < most && view.getUint8(end) !== 13 && view.getUint8(end) !== 10) end++;
    this.#line.wire(view, start, end);
  }

  #writeUdp(view: DataView, packet: Packet): void {
    const line = this.#line;
    const { srcPort, dstPort } = packet;
    if (srcPort < 0) {
      line.text('[|udp]');
      return;
    }
    const start = transportOffset(view, packet);
    const length = start >= 0 && packet.payloadOffset >= start + 8 ? view.getUint16(start + 4) - 8 : -1;
    if (length > 0 && (isDnsPort(srcPort) || isDnsPort(dstPort))) {
      const message = parseDns(view, packet.payloadOffset, packet.payloadOffset + packet.payloadLength);
      if (message !== undefined) {
        writeDns(line, message, length);
        return;
      }
    }
    line.put(words.udp);
    line.decimal(length >= 0 ? length : packet.payloadLength);
  }

  #writeRest(view: DataView, offset: number, packet: Packet): void {
    const line = this.#line;
    const { protocol } = packet;
    if ((protocol === protocols.icmp || protocol === protocols.icmpv6) && packet.fragmentOffset === 0) {
      writeIcmp(line, view, networkEnd(offset, packet), packet);
      return;
    }
    line.text(protocolNames.get(protocol) ?? 'ip-proto-');
    if (!protocolNames.has(protocol)) line.decimal(protocol);
    if (packet.fragmentOffset > 0) {
      line.text(', fragment at ');
      line.decimal(packet.fragmentOffset);
    }
    line.put(words.length);
    line.decimal(packet.payloadLength);
  }

  #writeOther(view: DataView, offset: number, packet: Packet, linkType: number, result: number): void {
    const line = this.#line;
    if (result === outcome.nonIp && packet.etherType === 0x0806) {
      const start = linkPayloadOffset(linkType, view, offset, packet);
      if (start >= 0 && writeArp(line, view, start, offset + packet.captured, packet)) return;
    }
    if (result === outcome.nonIp && packet.etherType >= 0x600) {
      line.text('ethertype 0x');
      line.hexOctet(packet.etherType >>> 8);
      line.hexOctet(packet.etherType & 255);
    } else line.text(result === outcome.nonIp ? 'no IP' : (outcomes[result] as string).replaceAll('_', ' '));
    line.put(words.length);
    line.decimal(packet.original);
  }
}
