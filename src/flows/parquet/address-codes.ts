/** The distinct addresses of a row group, each with a code by order of appearance; what its three columns have in common. */
import { mostRows, noCode } from './dictionary.ts';

const slots = mostRows * 2;

export class AddressCodes {
  /** Codes of the addresses added, in order. */
  readonly codes = new Uint32Array(mostRows);
  count = 0;
  /** Distinct addresses so far. */
  size = 0;
  /** Four words of each, most significant first, and its version of IP. Words have a sign: those without are not passed on in registers. */
  readonly words = new Int32Array(mostRows * 4);
  readonly versions = new Uint8Array(mostRows);
  /** Codes by hash; `noCode` where there is none. */
  readonly #slots = new Uint16Array(slots).fill(noCode);

  clear(): void {
    this.count = 0;
    this.size = 0;
    this.#slots.fill(noCode);
  }

  /** Adds an address of four words of 32 bits with sign. */
  add(version: number, a: number, b: number, c: number, d: number): void {
    const table = this.#slots;
    const { words, versions } = this;
    const upper = version === 4 ? 0 : Math.imul(a ^ Math.imul(b ^ Math.imul(c, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35);
    let hash = Math.imul(d ^ upper, 0x27d4eb2f);
    hash ^= hash >>> 15;
    for (let slot = hash & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const code = table[slot] as number;
      if (code === noCode) {
        table[slot] = this.size;
        this.codes[this.count++] = this.#found(version, a, b, c, d);
        return;
      }
      const at = code * 4;
      if (words[at + 3] !== d || words[at + 2] !== c || versions[code] !== version) continue;
      if (words[at] !== a || words[at + 1] !== b) continue;
      this.codes[this.count++] = code;
      return;
    }
  }

  #found(version: number, a: number, b: number, c: number, d: number): number {
    const code = this.size++;
    this.versions[code] = version;
    this.words[code * 4] = a;
    this.words[code * 4 + 1] = b;
    this.words[code * 4 + 2] = c;
    this.words[code * 4 + 3] = d;
    return code;
  }
}
