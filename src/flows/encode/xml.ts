/** XML 1.0: `<records>` with a `<record>` a line, whose elements are the fields; NULL is an element that is not there. */
import type { EncodedField } from './field.ts';
import type { Notation } from './notation.ts';

const tab = 0x09;
const lineFeed = 0x0a;
/** First octet of U+F000 to U+FFFF in UTF-8, among which are U+FFFE and U+FFFF. */
const lastOfPlane = 0xef;

const entities = new Map(
  Object.entries({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }).map(([character, entity]) => [
    character.charCodeAt(0),
    new TextEncoder().encode(entity),
  ]),
);

/** XML 1.0 section 2.2: no character reference can stand for most controls or for U+FFFE and U+FFFF, so they are dropped. */
const escapeXml = (target: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): number => {
  let end = at;
  const stop = start + length;
  for (let i = start; i < stop; i++) {
    const octet = bytes[i]!;
    if (octet === lastOfPlane && bytes[i + 1] === 0xbf && bytes[i + 2]! >= 0xbe) {
      i += 2;
      continue;
    }
    const entity = entities.get(octet);
    if (entity !== undefined) {
      target.set(entity, end);
      end += entity.length;
    } else if (octet >= 0x20 || octet === tab || octet === lineFeed) {
      target[end++] = octet;
    }
  }
  return end;
};

/** Field names must be XML names; those of the schema are. A carriage return is written `&#13;`, else readers make it a line feed. */
export const xmlNotation = (fields: readonly EncodedField[]): Notation => ({
  head: '<?xml version="1.0" encoding="UTF-8"?>\n',
  firstStart: '<records>\n<record>',
  rowStart: '<record>',
  rowEnd: '</record>\n',
  tail: '</records>\n',
  emptyTail: '<records/>\n',
  cells: fields.map((field) => ({ field, prefix: `<${field.name}>`, suffix: `</${field.name}>`, absent: '' })),
  escaped: [0x26, 0x3c, 0x3e, lastOfPlane],
  escapesEmpty: false,
  escape: escapeXml,
});
