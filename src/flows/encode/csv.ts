/** CSV (RFC 4180), save for the line ends, which are LF: that is what data sets have, and rows must come out as they went in. */
import type { EncodedField } from './field.ts';
import type { Notation } from './notation.ts';

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Any control sends a text here, but only line ends ask for quotes. */
const needsQuotes = (bytes: Uint8Array, start: number, length: number): boolean => {
  if (length === 0) return true;
  for (let i = start; i < start + length; i++) {
    const octet = bytes[i]!;
    if (octet === quote || octet === comma || octet === lineFeed || octet === carriageReturn) return true;
  }
  return false;
};

const escapeCsv = (target: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): number => {
  if (!needsQuotes(bytes, start, length)) {
    target.set(bytes.subarray(start, start + length), at);
    return at + length;
  }
  let end = at;
  target[end++] = quote;
  for (let i = start; i < start + length; i++) {
    const octet = bytes[i]!;
    if (octet === quote) target[end++] = quote;
    target[end++] = octet;
  }
  target[end++] = quote;
  return end;
};

/** Whether the first line has the names of the fields (RFC 4180 section 3). */
export type Header = 'present' | 'absent';

const quotedName = (name: string): string => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/** NULL is nothing, and an empty text is `""`, so that the two stay apart. */
export const csvNotation = (fields: readonly EncodedField[], header: Header): Notation => {
  const head = header === 'present' ? `${fields.map((field) => quotedName(field.name)).join(',')}\n` : '';
  return {
    head,
    firstStart: '',
    rowStart: '',
    rowEnd: '\n',
    tail: '',
    emptyTail: '',
    cells: fields.map((field, index) => {
      const separator = index === 0 ? '' : ',';
      return { field, prefix: separator, suffix: '', absent: separator };
    }),
    escaped: [quote, comma],
    escapesEmpty: true,
    escape: escapeCsv,
  };
};
