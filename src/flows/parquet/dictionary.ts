/**
 * The distinct values of a column of one row group, each with a code by order of appearance. An entry is four 32-bit words:
 * a text as a batch has it (length and up to 12 octets in place), or the lower and upper half of a number and zeros. So
 * texts are compared as words, never octet by octet.
 */

/** The most values of a row group; codes have 16 bits. */
export const mostRows = 65_536;

const slots = mostRows * 2;

export class Dictionary {
  /** Entries by code. */
  readonly words = new Uint32Array(mostRows * 4);
  /** The codes of the values, in order. */
  readonly codes = new Uint32Array(mostRows);
  /** Values so far. */
  count = 0;
  /** Distinct values so far. */
  size = 0;
  /** Code + 1 by hash; 0 where there is none. */
  readonly #slots = new Uint32Array(slots);

  clear(): void {
    this.count = 0;
    this.size = 0;
    this.#slots.fill(0);
  }

  /** Adds rows of texts that are all in place, from the words of a batch's column. */
  addTexts(column: Uint32Array, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const at = row * 4;
      this.#add(column[at] as number, column[at + 1] as number, column[at + 2] as number, column[at + 3] as number);
    }
  }

  /** Adds rows of a column of 64 bits. */
  addLongs(column: Uint32Array, from: number, to: number): void {
    for (let row = from; row < to; row++) this.#add(column[row * 2] as number, column[row * 2 + 1] as number, 0, 0);
  }

  /** Adds rows of a column of at most 32 bits. */
  addSmall(column: Uint8Array | Uint16Array | Uint32Array, from: number, to: number): void {
    for (let row = from; row < to; row++) this.#add(column[row] as number, 0, 0, 0);
  }

  /** Adds one value of up to 64 bits `count` times; the only one since `clear`. */
  addConstant(low: number, high: number, count: number): void {
    this.#add(low, high, 0, 0);
    this.count = count; // codes are 0 already, or not looked at where there is one value
  }

  #add(a: number, b: number, c: number, d: number): void {
    let hash = Math.imul(a ^ Math.imul(b ^ Math.imul(c ^ Math.imul(d, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35), 0x27d4eb2f);
    hash ^= hash >>> 15;
    const words = this.words;
    const table = this.#slots;
    for (let slot = hash & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const code = (table[slot] as number) - 1;
      if (code < 0) {
        this.#found(slot, a, b, c, d);
        return;
      }
      const at = code * 4;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) {
        this.codes[this.count++] = code;
        return;
      }
    }
  }

  #found(slot: number, a: number, b: number, c: number, d: number): void {
    const code = this.size++;
    this.#slots[slot] = code + 1;
    this.codes[this.count++] = code;
    const { words } = this;
    words[code * 4] = a;
    words[code * 4 + 1] = b;
    words[code * 4 + 2] = c;
    words[code * 4 + 3] = d;
  }
}
