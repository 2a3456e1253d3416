import { expect, test } from 'vitest';
import { quote } from './json-text.ts';

const octets = (...codes: number[]) => String.fromCharCode(...codes);
const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

test.each([
  ['', '""'],
  ['plain /text', '"plain /text"'],
  ['"\\', '"\\"\\\\"'],
  ['\n\r\t\b\f\0', '"\\n\\r\\t\\u0008\\u000c\\u0000"'],
  ['<a>&\x7f', '"\\u003ca\\u003e\\u0026\x7f"'],
  [utf8('é 漢 🎉'), `"${utf8('é 漢 🎉')}"`],
  [utf8('a\u2028b\u2029'), '"a\\u2028b\\u2029"'],
  [utf8('\ufffd'), `"${utf8('\ufffd')}"`],
  [octets(0xff, 0x41), '"\\ufffdA"'],
  // Each bad octet counts for itself, where decoders of the Web count a broken sequence once.
  [octets(0xe2, 0x82, 0x41), '"\\ufffd\\ufffdA"'],
  [octets(0xed, 0xa0, 0x80), '"\\ufffd\\ufffd\\ufffd"'],
  [octets(0xf0, 0x9f, 0x8e), '"\\ufffd\\ufffd\\ufffd"'],
  [`${utf8('é')}${octets(0xff)}<`, `"${utf8('é')}\\ufffd\\u003c"`],
])('%j is written as %s', (text, written) => {
  expect(quote(text)).toBe(written);
});
