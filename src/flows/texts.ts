/**
 * The distinct texts of an import by their codes, in memory that its threads share: computers and ports that come again and again are looked
 * up once, where they are read, and are numbers from there on.
 *
 *   | texts by code, 16 octets each | octets of long texts |
 *
 * A text is as in a batch: a 32-bit length, then up to 12 octets in place; a longer one has its first 4 octets there, then its place among
 * the long ones. What has been written stays, so that one thread may read while another adds.
 */

/** The most texts, and octets of long ones. */
export const mostTexts = 1 << 20;
export const longOctets = 1 << 22;
export const textOctets = 16;
/** Octets of memory. */
export const textsOctets = mostTexts * textOctets + longOctets;

/** Where the texts lie, as it is told to another thread; `serial` tells those of one thread apart. */
export type TextsPlace = { buffer: SharedArrayBuffer; offset: number; serial: number };

/** The texts as a thread sees them that has only their codes. */
export class Texts {
  readonly place: TextsPlace;
  /** Four words a text. */
  readonly words: Uint32Array<SharedArrayBuffer>;
  /** Octets of long texts, one after the other. */
  readonly long: Uint8Array<SharedArrayBuffer>;

  constructor(place: TextsPlace) {
    const { buffer, offset } = place;
    this.place = place;
    this.words = new Uint32Array(buffer, offset, mostTexts * 4);
    this.long = new Uint8Array(buffer, offset + mostTexts * textOctets, longOctets);
  }

  /** The code of `bytes[start, end)`, which may be new; known to the one who adds them. */
  codeOf(_bytes: Uint8Array, _start: number, _end: number): number {
    throw new TypeError('these texts are added by another thread');
  }
}
