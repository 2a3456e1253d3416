/**
 * Reads structures in the compact protocol of Thrift: the other half of `thrift.ts`. Whoever reads one takes the fields that
 * it knows; all others are passed over. What is read may be anything: nothing is read behind the end, structures nest
 * `mostDepth` deep at most, and a list cannot be longer than the octets that are left.
 */
import { Unreadable } from './read-fault.ts';
import { types } from './thrift.ts';

const mostDepth = 16;

export class ThriftReader {
  readonly #bytes: Uint8Array;
  /** The octet that is read next. */
  at: number;
  #depth = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Reads a structure: `take` reads the value of a field that it knows and says so. */
  struct(take: (id: number, type: number) => boolean): void {
    if (++this.#depth > mostDepth) throw new Unreadable('structures nest too deep');
    let id = 0;
    for (let head = this.#byte(); head !== 0; head = this.#byte()) {
      const step = head >> 4;
      id = step === 0 ? this.integer() : id + step;
      const type = head & 15;
      if (!take(id, type)) this.#pass(type);
    }
    this.#depth--;
  }

  /** Reads a list: `take` reads one value of it. Returns how many there are. */
  list(take: (at: number) => void): number {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (count > this.#bytes.length - this.at) throw new Unreadable('a list is longer than what holds it');
    for (let i = 0; i < count; i++) take(i);
    return count;
  }

  /** A whole number with sign, which a double holds exactly. */
  integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  binary(): Uint8Array {
    const length = this.#varint();
    if (length > this.#bytes.length - this.at) throw new Unreadable('a text is longer than what holds it');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return Buffer.from(this.binary()).toString('utf8');
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Unreadable('a structure has no end');
    return byte;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw new Unreadable('a number is too large');
      if (byte < 128) return value;
    }
  }

  #pass(type: number): void {
    switch (type) {
      case types.true:
      case types.false:
        return;
      case types.byte:
        this.at++;
        return;
      case types.int16:
      case types.int32:
      case types.int64:
        this.#passVarint();
        return;
      case types.double:
        this.at += 8;
        return;
      case types.binary:
        this.binary();
        return;
      case types.list:
      case types.set:
        this.#passList();
        return;
      case types.struct:
        this.struct(() => false);
        return;
      default:
        throw new Unreadable(`a field has the unknown type ${type}`);
    }
  }

  /** Numbers that nobody asks for may have all 64 bits. */
  #passVarint(): void {
    while (this.#byte() > 127);
  }

  #passList(): void {
    const type = (this.#bytes[this.at] ?? 0) & 15;
    // In a list a truth value is an octet of its own.
    const element = type === types.true || type === types.false ? types.byte : type;
    this.list(() => this.#pass(element));
  }
}
