import { copyOctets } from '../../core/copy-octets.ts';

/** A buffer that grows while it is written to, and is used again and again. Numbers are little endian (Parquet, Thrift). */
export class Octets {
  /** Only the first `length` octets count. */
  bytes = new Uint8Array(65_536);
  length = 0;

  /** Makes room for `count` more octets and returns where they begin. */
  reserve(count: number): number {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    return this.length;
  }

  /** The octets written, valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): this {
    this.length = 0;
    return this;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** 0 to 2^32 - 1 in four octets. */
  word(value: number): void {
    const at = this.reserve(4);
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  append(values: Uint8Array): void {
    const at = this.reserve(values.length);
    // Only now: the room may be elsewhere.
    if (values.buffer instanceof SharedArrayBuffer) copyOctets(values, this.bytes, at);
    else this.bytes.set(values, at);
    this.length += values.length;
  }

  /** ULEB128 of a whole number of 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Zigzag and ULEB128 of a whole number of -2^52 to 2^52. */
  signedVarint(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }
}
