/** ARP for IPv4 over Ethernet (RFC 826) in tcpdump's words. */
import type { Packet } from '../packet.ts';
import type { LineBuffer } from './line-buffer.ts';

/** Writes what an ARP packet says; false, and nothing written, where it is of another kind or cut. */
export function writeArp(line: LineBuffer, view: DataView, start: number, end: number, packet: Packet): boolean {
  if (end - start < 28 || view.getUint32(start) !== 0x0001_0800 || view.getUint16(start + 4) !== 0x0604) return false;
  const operation = view.getUint16(start + 6);
  if (operation !== 1 && operation !== 2) return false;
  line.text(operation === 1 ? 'ARP, Request who-has ' : 'ARP, Reply ');
  line.ipv4(view.getInt32(operation === 1 ? start + 24 : start + 14));
  if (operation === 1) {
    line.text(' tell ');
    line.ipv4(view.getInt32(start + 14));
  } else {
    line.text(' is-at ');
    for (let i = 0; i < 6; i++) {
      if (i > 0) line.octet(0x3a);
      line.hexOctet(view.getUint8(start + 8 + i));
    }
  }
  line.text(', length ');
  line.decimal(packet.original - (start - (end - packet.captured)));
  return true;
}
