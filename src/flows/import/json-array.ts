/**
 * Weir's own JSON back again: one array of objects, read element by element without holding the array.
 *
 *   before --[--> first --{--> inside --}--> behind --,--> next --{--> inside ...
 *                   `---]--> done <---]-------'
 *
 * Only the outline is followed here (brackets and strings); what stands in an element is the affair of JSON.parse. A
 * fault of the outline ends the import, since there is no telling where the next element begins.
 */
import { Problem } from '../../core/problem.ts';
import type { OwnFormatOptions } from './csv.ts';
import { JsonRows } from './json-rows.ts';
import { lineLimit } from './limits.ts';
import type { TextParser } from './parser.ts';

/** Reads a JSON array; `id` of a row is its number in the array, from 1. */
export const createJsonParser = (options: OwnFormatOptions): TextParser => new ArrayReader(options);

const places = { before: 0, first: 1, inside: 2, behind: 3, next: 4, done: 5 } as const;
type Place = (typeof places)[keyof typeof places];

const expectedAt: Readonly<Record<Place, string>> = {
  [places.before]: '"[", the beginning of an array',
  [places.first]: '"{" or "]"',
  [places.inside]: 'the end of an object',
  [places.behind]: '"," or "]"',
  [places.next]: '"{"',
  [places.done]: 'nothing behind the array',
};

const quote = 34;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;

class ArrayReader implements TextParser {
  lines = 0;
  readonly #rows: JsonRows;
  #place: Place = places.before;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Octets before the chunk at hand. */
  #offset = 0;
  /** The element begun in earlier chunks. */
  #carry: Uint8Array[] = [];
  #carried = 0;

  constructor(options: OwnFormatOptions) {
    this.#rows = new JsonRows(options, 'element');
  }

  get rows(): number {
    return this.#rows.rows;
  }

  get unordered(): number {
    return this.#rows.unordered;
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at = this.#place === places.inside ? this.#element(bytes, at) : this.#outline(bytes, at);
    this.#offset += bytes.length;
  }

  end(): void {
    if (this.#place === places.done) return;
    if (this.#place === places.before && this.lines === 0 && this.#offset === 0) return;
    throw this.#fault(this.#offset, 'the end of the file');
  }

  #outline(bytes: Uint8Array, at: number): number {
    const octet = bytes[at] as number;
    if (octet === 32 || octet === 9 || octet === 10 || octet === 13) return at + 1;
    const next = nextPlace(this.#place, octet);
    if (next === undefined) throw this.#fault(this.#offset + at, JSON.stringify(String.fromCharCode(octet)));
    this.#place = next;
    // The brace belongs to the element.
    return next === places.inside ? at : at + 1;
  }

  /** Goes on to the end of the element or of the chunk. */
  #element(bytes: Uint8Array, start: number): number {
    const end = this.#endOfElement(bytes, start);
    const part = bytes.subarray(start, end);
    if (this.#carried + part.length > lineLimit) throw this.#tooLong(this.#offset + start);
    if (this.#depth > 0) {
      // A copy: of a Buffer, whose memory the reader uses again, `slice` would be a view.
      this.#carry.push(Uint8Array.from(part));
      this.#carried += part.length;
      return end;
    }
    const whole = this.#carried === 0 ? part : Buffer.concat([...this.#carry, part]);
    this.#carry = [];
    this.#carried = 0;
    this.#place = places.behind;
    this.#rows.take(whole, ++this.lines);
    return end;
  }

  #endOfElement(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const octet = bytes[at] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (octet === backslash) this.#escaped = true;
        else if (octet === quote) this.#inString = false;
      } else if (octet === quote) this.#inString = true;
      else if (octet === openBrace) this.#depth++;
      else if (octet === closeBrace && --this.#depth === 0) return at + 1;
    }
    return bytes.length;
  }

  #fault(offset: number, got: string): Problem {
    const expected = expectedAt[this.#place];
    return new Problem('unprocessable', `octet ${offset}, behind element ${this.lines}: expected ${expected}, got ${got}`, {
      hint: 'an array that breaks off was cut short on its way; --format ndjson reads one object a line',
      facts: { offset, element: this.lines, expected, value: got },
    });
  }

  #tooLong(offset: number): Problem {
    const expected = `an object of at most ${lineLimit} octets`;
    return new Problem('unprocessable', `element ${this.lines + 1}: expected ${expected}, and at octet ${offset} it has no end`, {
      facts: { offset, element: this.lines + 1, expected },
    });
  }
}

/** Where an octet of the outline leads; undefined where it may not stand. */
const nextPlace = (place: Place, octet: number): Place | undefined => {
  const isOpen = octet === openBrace;
  if (place === places.before) return octet === 91 ? places.first : undefined;
  if (place === places.first) return isOpen ? places.inside : octet === 93 ? places.done : undefined;
  if (place === places.behind) return octet === 44 ? places.next : octet === 93 ? places.done : undefined;
  return place === places.next && isOpen ? places.inside : undefined;
};
