/** ICMP and ICMPv6 in tcpdump's words, for the messages that people look for; others by type and code. */
import type { Packet } from '../packet.ts';
import { protocols } from '../transport.ts';
import type { LineBuffer } from './line-buffer.ts';

const unreachable = ['net', 'host', 'protocol', 'port'];
const names6 = new Map([
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [135, 'neighbor solicitation'],
  [136, 'neighbor advertisement'],
  [137, 'redirect'],
]);

/** Writes the message of a packet whose IP part ends at `end`. */
export function writeIcmp(line: LineBuffer, view: DataView, end: number, packet: Packet): void {
  const isSix = packet.protocol === protocols.icmpv6;
  line.text(isSix ? 'ICMP6, ' : 'ICMP ');
  if (packet.icmpType < 0) {
    line.text('[|icmp]');
    return;
  }
  const start = packet.icmpIdentifier >= 0 && packet.payloadOffset > 8 ? packet.payloadOffset - 8 : packet.payloadOffset;
  const isRequest = packet.icmpType === (isSix ? 128 : 8);
  if ((isRequest || packet.icmpType === (isSix ? 129 : 0)) && packet.icmpIdentifier >= 0 && end - start >= 8) {
    line.text(isRequest ? 'echo request, id ' : 'echo reply, id ');
    line.decimal(packet.icmpIdentifier);
    line.text(', seq ');
    line.decimal(view.getUint16(start + 6));
  } else if (isSix) writeOther6(line, packet);
  else if (packet.icmpType === 3) writeUnreachable(line, view, start, end, packet);
  else if (packet.icmpType === 11) line.text(packet.icmpCode === 0 ? 'time exceeded in-transit' : 'ip reassembly time exceeded');
  else {
    line.text('type-');
    line.decimal(packet.icmpType);
    line.text(', code ');
    line.decimal(packet.icmpCode);
  }
  line.text(', length ');
  line.decimal(Math.max(0, packet.octets - (start - packet.networkOffset)));
}

function writeOther6(line: LineBuffer, packet: Packet): void {
  const name = names6.get(packet.icmpType);
  if (name !== undefined) {
    line.text(name);
    return;
  }
  line.text(packet.icmpType === 1 ? 'destination unreachable, code ' : 'type-');
  if (packet.icmpType !== 1) {
    line.decimal(packet.icmpType);
    line.text(', code ');
  }
  line.decimal(packet.icmpCode);
}

/** `10.0.0.1 udp port 53 unreachable`: whom the packet that is quoted was for. */
function writeUnreachable(line: LineBuffer, view: DataView, start: number, end: number, packet: Packet): void {
  const quoted = start + 8;
  if (end - quoted < 20) {
    line.text('unreachable');
    return;
  }
  const ports = quoted + (view.getUint8(quoted) & 15) * 4;
  const protocol = view.getUint8(quoted + 9);
  const isPort = packet.icmpCode === 3 && end - ports >= 4 && (protocol === protocols.tcp || protocol === protocols.udp);
  const isHost = !isPort && packet.icmpCode === 1;
  if (isHost) line.text('host ');
  line.ipv4(view.getInt32(quoted + 16));
  if (isPort) {
    line.text(protocol === protocols.tcp ? ' tcp port ' : ' udp port ');
    line.decimal(view.getUint16(ports + 2));
    line.text(' unreachable');
  } else if (isHost) line.text(' unreachable');
  else {
    line.text(' unreachable - ');
    line.text(unreachable[packet.icmpCode] ?? `code ${packet.icmpCode}`);
  }
}
