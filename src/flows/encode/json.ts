/** JSON (RFC 8259): one array, an object a line; and NDJSON, an object a line and nothing else. */
import type { EncodedField } from './field.ts';
import type { CellNotation, Notation } from './notation.ts';

const quote = 0x22;
const backslash = 0x5c;
const hexadecimal = new TextEncoder().encode('0123456789abcdef');

// RFC 8259 section 7: the two-character escapes that exist for control characters.
const shortEscapes = new Uint8Array(256);
for (const [character, letter] of ['\bb', '\tt', '\nn', '\ff', '\rr', '""', '\\\\']) {
  shortEscapes[character!.charCodeAt(0)] = letter!.charCodeAt(0);
}

/** UTF-8 passes as it is, U+2028 too: JSON allows it, and ECMAScript does since 2019. */
const escapeJson = (target: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): number => {
  let end = at;
  for (let i = start; i < start + length; i++) {
    const octet = bytes[i]!;
    if (octet >= 0x20 && octet !== quote && octet !== backslash) {
      target[end++] = octet;
      continue;
    }
    target[end++] = backslash;
    const letter = shortEscapes[octet]!;
    target[end++] = letter || 0x75;
    if (letter) continue;
    target[end++] = 0x30;
    target[end++] = 0x30;
    target[end++] = hexadecimal[octet >> 4]!;
    target[end++] = hexadecimal[octet & 15]!;
  }
  return end;
};

/** Whether 64-bit columns are JSON numbers, as the published view has them, or strings, for clients that hold numbers as doubles. */
export type Bigint = 'number' | 'string';

const wide: ReadonlySet<string> = new Set(['BIGINT', 'UBIGINT']);
const textual: ReadonlySet<string> = new Set(['VARCHAR', 'ADDRESS', 'TIMESTAMP', 'TIMESTAMP_NS']);

const cells = (fields: readonly EncodedField[], bigint: Bigint): CellNotation[] =>
  fields.map((field, index) => {
    const key = `${index === 0 ? '' : ','}${JSON.stringify(field.name)}:`;
    const mark = textual.has(field.type) || (bigint === 'string' && wide.has(field.type)) ? '"' : '';
    return { field, prefix: key + mark, suffix: mark, absent: `${key}null` };
  });

/** `[`, the objects with `,` and a line end between them, `]`. */
export const jsonNotation = (fields: readonly EncodedField[], bigint: Bigint): Notation => ({
  head: '[',
  firstStart: '\n{',
  rowStart: ',\n{',
  rowEnd: '}',
  tail: '\n]\n',
  emptyTail: ']\n',
  cells: cells(fields, bigint),
  escaped: [quote, backslash],
  escapesEmpty: false,
  escape: escapeJson,
});

/** An object and a line end for each row. */
export const ndjsonNotation = (fields: readonly EncodedField[], bigint: Bigint): Notation => ({
  ...jsonNotation(fields, bigint),
  head: '',
  firstStart: '{',
  rowStart: '{',
  rowEnd: '}\n',
  tail: '',
  emptyTail: '',
});
