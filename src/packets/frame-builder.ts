/**
 * Frames made by hand, for tests, fuzzing and demonstrations: each function wraps a payload in one header. Lengths are right unless told
 * otherwise; checksums are left 0, since nothing here verifies them.
 */

/** Octets of numbers, hexadecimal text (spaces allowed) and arrays, one behind the other. */
export function octets(...parts: (number | string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Uint8Array.of(part) : typeof part === 'string' ? Buffer.from(part.replaceAll(' ', ''), 'hex') : part,
    ),
  );
}

/** A big-endian number of 2 or 4 octets. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** An Ethernet frame from 02:00:00:00:00:01 to 02:00:00:00:00:02. */
export function ethernet(etherType: number, payload: Uint8Array): Uint8Array {
  return octets('020000000002 020000000001', u16(etherType), payload);
}

/** A tag: what follows the ethertype 0x8100, with the type of what is tagged. */
export function vlan(id: number, etherType: number, payload: Uint8Array): Uint8Array {
  return octets(u16(0x6000 | id), u16(etherType), payload);
}

export type Ipv4Fields = { protocol: number; options?: Uint8Array; totalLength?: number; fragment?: number; identification?: number };

/** IPv4 from 10.0.0.1 to 10.0.0.2. `fragment` is the 16-bit field of flags and offset. */
export function ipv4(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const total = fields.totalLength ?? 20 + options.length + payload.length;
  const start = octets(0x45 + options.length / 4, 0x08, u16(total), u16(fields.identification ?? 0x1234), u16(fields.fragment ?? 0));
  return octets(start, 64, fields.protocol, u16(0), '0a000001 0a000002', options, payload);
}

export type Ipv6Fields = { next: number; payloadLength?: number };

/** IPv6 from 2001:db8::1 to 2001:db8::2, traffic class 0x08, flow label 0x12345. */
export function ipv6(fields: Ipv6Fields, payload: Uint8Array): Uint8Array {
  const start = octets('60812345', u16(fields.payloadLength ?? payload.length), fields.next, 64);
  return octets(start, '20010db8000000000000000000000001 20010db8000000000000000000000002', payload);
}

/** UDP, by default from 1111 to 2222. */
export function udp(payload: Uint8Array, source = 1111, destination = 2222): Uint8Array {
  return octets(u16(source), u16(destination), u16(8 + payload.length), u16(0), payload);
}

/** TCP from 1111 to 443, sequence 0x80000001, acknowledgement 7; `flags` of nine bits. */
export function tcp(flags: number, payload: Uint8Array, options = new Uint8Array(0)): Uint8Array {
  const offset = (20 + options.length) / 4;
  return octets(u16(1111), u16(443), '80000001 00000007', u16((offset << 12) | flags), u16(8192), u32(0), options, payload);
}

/** A VXLAN, GRE or other header is short enough to be written where it is used; this is the commonest whole frame. */
export function udpFrame(payload = octets('68656c6c6f')): Uint8Array {
  return ethernet(0x0800, ipv4({ protocol: 17 }, udp(payload)));
}
