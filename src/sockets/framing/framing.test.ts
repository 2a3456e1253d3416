import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecoder, decodeAll } from './decoder.ts';
import { encodeFrame } from './encoder.ts';
import { ceiling, parseFraming, showFraming } from './framing.ts';
import { fuzzedFramings, fuzzFraming, outcome } from './fuzz.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const texts = (framing: string, ...chunks: string[]) => outcome(parseFraming(framing), chunks.map(bytes));

test.each([
  ['line', 'a\nb\r\n\nc', ['a', 'b', '', 'c'], undefined],
  ['line/final=error', 'a\nb', ['a'], 'frame.incomplete'],
  ['line/max=3', 'abc\r\nabcd\n', ['abc'], 'frame.too_large'],
  ['line/max=3', 'abc\r', [], 'frame.too_large'],
  ['fixed:2', 'abcd', ['ab', 'cd'], undefined],
  ['fixed:2', 'abc', ['ab'], 'frame.incomplete'],
  ['fixed:2/partial=emit', 'abc', ['ab', 'c'], undefined],
  ['length:1', '\x02ab\x00\x01c', ['ab', '', 'c'], undefined],
  ['length:2', '\x00\x02ab', ['ab'], undefined],
  ['length:2/little', '\x02\x00ab', ['ab'], undefined],
  ['length:4/inclusive', '\x00\x00\x00\x06ab', ['ab'], undefined],
  ['length:4/inclusive', '\x00\x00\x00\x03ab', [], 'frame.bad_length'],
  ['length:4', '\xff\xff\xff\xff', [], 'frame.too_large'],
  ['length:4', '\x00\x00\x00\x06ab', [], 'frame.incomplete'],
  ['length:varint', `\x80\x01${'x'.repeat(128)}`, ['x'.repeat(128)], undefined],
  ['length:varint', '\x80\x80\x80\x80\x80', [], 'frame.bad_length'],
  ['length:varint', '\x81\x00a', [], 'frame.bad_length'],
  ['length:varint', '\xff\xff\xff\xff\x7f', [], 'frame.too_large'],
  ["delimiter:'\\x00'", 'a\0b\0', ['a', 'b'], undefined],
  ['delimiter:\\r\\n', 'a\rb\r\nc\r\n', ['a\rb', 'c'], undefined],
  ['delimiter:\\r\\n', 'a\r\nb', ['a'], 'frame.incomplete'],
  ['delimiter:,/escape', 'a\\,b,c\\\\,', ['a,b', 'c\\'], undefined],
  ['delimiter:,/escape', 'a\\x,', [], 'frame.contains_delimiter'],
])('%s reads %j', (framing, stream, frames, fault) => {
  const whole = texts(framing, stream);
  expect(whole.frames).toEqual(frames);
  expect(whole.fault).toBe(fault);
  // Byte by byte, and at every single cut, it is the same.
  expect(texts(framing, ...stream)).toEqual(whole);
  for (let cut = 1; cut < stream.length; cut++) expect(texts(framing, stream.slice(0, cut), stream.slice(cut))).toEqual(whole);
});

test('any framing gives the same frames and the same fault for every way of cutting', () => {
  const stream = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(...'ab\n\r\0\\,\x01\x05')).map((marks) => bytes(marks.join(''))),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...fuzzedFramings.filter(({ kind }) => kind !== 'raw')),
      stream,
      fc.array(fc.nat(60), { maxLength: 10 }),
      (framing, whole, cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const chunks = places.slice(1).map((end, at) => whole.slice(places[at], Math.max(end, places[at] as number)));
        expect(outcome(framing, chunks)).toEqual(outcome(framing, [whole]));
      },
    ),
    { numRuns: 2000 },
  );
});

test('what is encoded comes back, in order', () => {
  const length = fc
    .constantFrom('length:1', 'length:2/little', 'length:4/inclusive', 'length:varint', 'delimiter:,/escape')
    .map(parseFraming);
  fc.assert(
    fc.property(length, fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (framing, frames) => {
      const stream = Buffer.concat(frames.flatMap((frame) => encodeFrame(framing, frame)));
      expect(decodeAll(framing, stream).map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]));
    }),
  );
});

test('any bytes end in frames or in a Problem', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (stream) => fuzzFraming(stream)),
    { numRuns: 300 },
  );
});

test.each([
  ['delimiter:;', 'a;b', 'frame.contains_delimiter'],
  ['delimiter:\\r\\r\\n', 'a\r', undefined],
  ['delimiter:aba', 'xab', 'frame.contains_delimiter'],
  ['line', 'a\r', 'frame.contains_delimiter'],
  ['fixed:2', 'abc', 'frame.wrong_size'],
  ['length:1', 'x'.repeat(256), 'frame.too_large'],
  ['line/max=2', 'abc', 'frame.too_large'],
])('%s sends %j only where it is read as the same', (word, payload, fault) => {
  const framing = parseFraming(word);
  const attempt = () => encodeFrame(framing, bytes(payload));
  if (fault === undefined) expect(decodeAll(framing, Buffer.concat(attempt()))).toHaveLength(1);
  else expect(attempt).toThrow(expect.objectContaining({ facts: expect.objectContaining({ fault }) }));
});

test.each([
  'lines',
  'fixed',
  'fixed:0',
  'fixed:17MiB',
  'length:3',
  'length:varint/inclusive',
  'delimiter:',
  'delimiter:\\q',
  'line/max=65MiB',
  'line/loud',
  'delimiter:ab/escape',
  'delimiter:\\\\/escape',
  `delimiter:${'x'.repeat(17)}`,
])('%s is no framing', (text) => {
  expect(() => parseFraming(text)).toThrow('is no framing');
});

test.each([
  'line',
  'raw',
  'fixed:64',
  'fixed:64/partial=emit',
  'length:4',
  'length:2/little/inclusive/max=10',
  'length:varint',
  'delimiter:\\x00',
  'delimiter:\\x3b/escape/final=emit/max=9',
  'line/final=error/max=10',
])('%s is shown as it is written', (text) => {
  expect(showFraming(parseFraming(text))).toBe(text);
});

describe('memory', () => {
  test('a frame within a chunk is not copied', () => {
    const chunk = bytes('\x00\x00\x00\x03abc\x00\x00\x00\x02de');
    const seen: Uint8Array[] = [];
    createDecoder(parseFraming('length:4'), (from) => void seen.push(from)).push(chunk);
    expect(seen).toEqual([chunk, chunk]);
    expect(seen.every((from) => from.buffer === chunk.buffer)).toBe(true);
  });

  test('a claim alone sets nothing aside', () => {
    const decoder = createDecoder(parseFraming(`length:4/max=${ceiling}`), () => {});
    decoder.push(Uint8Array.of(4, 0, 0, 0));
    decoder.push(Uint8Array.of(1));
    expect(decoder.held).toBe(1);
  });

  test('a long line in single bytes is looked at once', () => {
    let length = 0;
    const decoder = createDecoder(parseFraming('delimiter:\\r\\n/max=1MiB'), (_from, start, end) => {
      length = end - start;
    });
    // A search from the beginning for each byte would look at 500 million of them.
    for (let at = 0; at < 32 * 1024; at++) decoder.push(Uint8Array.of(120));
    decoder.push(bytes('\r\n'));
    expect(length).toBe(32 * 1024);
  });
});
