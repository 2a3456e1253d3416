/**
 * The wire form of Protocol Buffers (proto3), as much of it as etcd's messages use: variable-length integers and fields with a
 * length. Zero and empty fields are left out, as proto3 does; fields that are not known are stepped over.
 */

/** Writes one message, field by field. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  /** A whole number of 0 or more. */
  number(field: number, value: number): this {
    return value === 0 ? this : this.#push(varint(field * 8), varint(value));
  }

  /** A number that needs all of its 64 bits. */
  big(field: number, value: bigint): this {
    return value === 0n ? this : this.#push(varint(field * 8), bigVarint(value));
  }

  flag(field: number, value: boolean): this {
    return this.number(field, value ? 1 : 0);
  }

  bytes(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.#push(varint(field * 8 + 2), varint(value.length), value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  /** A message within this one; written even when it is empty, since being there may be what it says. */
  message(field: number, message: MessageWriter): this {
    const bytes = message.finish();
    return this.#push(varint(field * 8 + 2), varint(bytes.length), bytes);
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #push(...parts: Uint8Array[]): this {
    this.#parts.push(...parts);
    return this;
  }
}

/** Seven bits to an octet, the lowest first. Division and not shifts: revisions outgrow 32 bits. */
function varint(value: number): Uint8Array {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) octets.push((rest % 0x80) + 0x80);
  octets.push(rest);
  return Uint8Array.from(octets);
}

function bigVarint(value: bigint): Uint8Array {
  const octets: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) octets.push(Number(rest & 0x7fn) + 0x80);
  octets.push(Number(rest));
  return Uint8Array.from(octets);
}

/**
 * Reads one message: `next()` steps to a field, `field` names it, and `number`, `bytes` and the others give its value, which
 * is a view of the message where it has a length. Throws a RangeError when the message ends too early.
 */
export class MessageReader {
  field = 0;
  readonly #bytes: Buffer;
  #at = 0;
  #start = 0;
  #end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#step(tag % 8);
    return true;
  }

  number(): number {
    this.#at = this.#start;
    return this.#varint();
  }

  /** All 64 bits, without a sign. */
  big(): bigint {
    let value = 0n;
    for (let at = this.#start; at < this.#end; at++) value |= BigInt((this.#bytes[at] ?? 0) & 0x7f) << BigInt(7 * (at - this.#start));
    return BigInt.asUintN(64, value);
  }

  flag(): boolean {
    return this.number() !== 0;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  text(): string {
    return this.#bytes.toString('utf8', this.#start, this.#end);
  }

  message(): MessageReader {
    return new MessageReader(this.bytes());
  }

  #step(wire: number): void {
    const length = wire === 2 ? this.#varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    this.#start = this.#at;
    if (wire === 0) this.#varint();
    else this.#at += length;
    this.#end = this.#at;
    if (this.#end > this.#bytes.length) throw new RangeError('a message of the cluster ends too early');
  }

  #varint(): number {
    let value = 0;
    for (let weight = 1; ; weight *= 0x80) {
      const octet = this.#bytes[this.#at++];
      if (octet === undefined) throw new RangeError('a message of the cluster ends too early');
      value += (octet & 0x7f) * weight;
      if (octet < 0x80) return value;
    }
  }
}
