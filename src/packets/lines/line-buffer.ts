/**
 * Text as octets, line after line, in one reused buffer: hundreds of thousands of lines a second make no string. A block is
 * handed on at the end of a line once it holds enough.
 */
import { writeIpv4, writeIpv6 } from '../../core/address.ts';

/** A block is handed on from this many octets; one line has at most `roomOctets`. */
const blockOctets = 262_144;
const roomOctets = 65_536;

/** Three digits of 0 to 999, as three octets each. */
const triples = new Uint8Array(3000);
for (let number = 0; number < 1000; number++) triples.set(Buffer.from(String(number).padStart(3, '0')), number * 3);

const newline = 10;
const zero = 48;

/** Octets of an ASCII text, made once where it is a constant. */
export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const hexDigits = ascii('0123456789abcdef');

export class LineBuffer {
  readonly #onBlock: (block: Uint8Array) => void;
  #bytes = new Uint8Array(blockOctets + roomOctets);
  #length = 0;

  /** `onBlock` owns each block that it is given. */
  constructor(onBlock: (block: Uint8Array) => void) {
    this.#onBlock = onBlock;
  }

  /** Ends a line. */
  end(): void {
    this.#bytes[this.#length++] = newline;
    if (this.#length >= blockOctets) this.flush();
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.#length === 0) return;
    this.#onBlock(this.#bytes.subarray(0, this.#length));
    this.#bytes = new Uint8Array(blockOctets + roomOctets);
    this.#length = 0;
  }

  octet(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  put(text: Uint8Array): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text[i]!;
    this.#length = at;
  }

  /** A text of ASCII characters. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** A whole number from 0 to 2^53. */
  decimal(value: number): void {
    if (value < 10) this.#bytes[this.#length++] = zero + value;
    else if (value < 1000) this.#small(value);
    else if (value < 1_000_000) {
      const thousands = (value / 1000) | 0;
      if (thousands < 10) this.#bytes[this.#length++] = zero + thousands;
      else this.#small(thousands);
      this.#triple(value - thousands * 1000);
    } else {
      const thousands = Math.floor(value / 1000);
      this.decimal(thousands);
      this.#triple(value - thousands * 1000);
    }
  }

  /** Six digits of 0 to 999,999. */
  six(value: number): void {
    const thousands = (value / 1000) | 0;
    this.#triple(thousands);
    this.#triple(value - thousands * 1000);
  }

  /** Two digits of a number below 100. */
  two(value: number): void {
    const entry = value * 3;
    this.#bytes[this.#length] = triples[entry + 1]!;
    this.#bytes[this.#length + 1] = triples[entry + 2]!;
    this.#length += 2;
  }

  hexOctet(value: number): void {
    this.#bytes[this.#length++] = hexDigits[value >>> 4]!;
    this.#bytes[this.#length++] = hexDigits[value & 15]!;
  }

  ipv4(word: number): void {
    this.#length = writeIpv4(this.#bytes, this.#length, word);
  }

  ipv6(a: number, b: number, c: number, d: number): void {
    this.#length = writeIpv6(this.#bytes, this.#length, a, b, c, d);
  }

  /** Octets from the wire: printable ASCII as it is, everything else as `\xNN`, so that none of it drives a terminal. */
  wire(view: DataView, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const octet = view.getUint8(at);
      if (octet >= 0x20 && octet < 0x7f && octet !== 0x5c) this.#bytes[this.#length++] = octet;
      else {
        this.#bytes[this.#length++] = 0x5c;
        this.#bytes[this.#length++] = 0x78;
        this.hexOctet(octet);
      }
    }
  }

  #triple(value: number): void {
    const entry = value * 3;
    const at = this.#length;
    this.#bytes[at] = triples[entry]!;
    this.#bytes[at + 1] = triples[entry + 1]!;
    this.#bytes[at + 2] = triples[entry + 2]!;
    this.#length = at + 3;
  }

  /** 10 to 999, without leading zeros. */
  #small(value: number): void {
    if (value >= 100) this.#triple(value);
    else this.two(value);
  }
}
