/**
 * The distinct texts of an import by their codes, in memory that its threads share: computers and ports that come again and again are looked
 * up once, where they are read, and are numbers from there on.
 *
 *   | texts by code, 16 octets each | octets of long texts |
 *
 * A text is as in a batch: a 32-bit length, then up to 12 octets in place; a longer one has its first 4 octets there, then its place among
 * the long ones. What has been written stays, so that one thread may read while another adds.
 *
 * Most texts are `C1234`: a letter, or none, and up to five digits. They have codes that follow from themselves, in a series of their letter, so that
 * nobody has to look them up: the code of the series and the number that the digits are with a 1 in front, so that `C0` and `C00` differ.
 */

/** The most texts that are looked up; their codes come first. */
export const mostSought = 1 << 20;
/** Digits of a text of a series, codes that a series takes, and how many series there are at most. */
export const seriesDigits = 5;
export const seriesCodes = 200_000;
export const mostSeries = 4;
/** The most texts, and octets of long ones. */
export const mostTexts = mostSought + mostSeries * seriesCodes;
export const longOctets = 1 << 22;
export const textOctets = 16;
/** Octets of memory. */
export const textsOctets = mostTexts * textOctets + longOctets;

/**
 * Where the texts lie, as it is told to another thread: shared memory, in which it may work as well. At `batches` are those batches that have their
 * codes, by their numbers. `serial` tells the texts of one thread apart.
 */
export type TextsPlace = { memory: WebAssembly.Memory; offset: number; batches: number; serial: number };

/** The texts as a thread sees them that has only their codes. */
export class Texts {
  readonly place: TextsPlace;
  /** Four words a text. */
  readonly words: Uint32Array<SharedArrayBuffer>;
  /** Octets of long texts, one after the other. */
  readonly long: Uint8Array<SharedArrayBuffer>;

  constructor(place: TextsPlace) {
    const { memory, offset } = place;
    const { buffer } = memory;
    this.place = place;
    this.words = new Uint32Array(buffer, offset, mostTexts * 4);
    this.long = new Uint8Array(buffer, offset + mostTexts * textOctets, longOctets);
  }

  /** The code of `bytes[start, end)`, which may be new; known to the one who adds them. */
  codeOf(_bytes: Uint8Array, _start: number, _end: number): number {
    throw new TypeError('these texts are added by another thread');
  }
}
