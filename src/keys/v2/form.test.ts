import { describe, expect, test } from 'vitest';
import { mediaType, readForm } from './form.ts';

const urlencoded = 'application/x-www-form-urlencoded';
const read = (query: string, text?: string, type: string | undefined = urlencoded) => {
  const form = readForm(query, text === undefined ? undefined : { type, text });
  return typeof form === 'string' ? form : Object.fromEntries(form);
};

describe('a form', () => {
  test.each([
    ['', undefined, {}],
    ['a=1&a=2&&=x&b', undefined, { a: '1', '': 'x', b: '' }],
    ['a=query&b=query', 'a=body', { a: 'body', b: 'query' }],
    ['', 'value=a=b+c%2Bd', { value: 'a=b c+d' }],
    ['', 'value=%FF', { value: '\xff' }],
    ['a=%zz', undefined, 'invalid URL escape "%zz"'],
    ['a=%', undefined, 'invalid URL escape "%"'],
    ['a=%f&b=%zz', undefined, 'invalid URL escape "%f"'],
    ['a=%zz', 'b=%yy', 'invalid URL escape "%yy"'],
    ['a=%zz&b;c', undefined, 'invalid semicolon separator in query'],
    ['', `value=${'x'.repeat(10 * 1024 * 1024)}`, 'http: POST too large'],
  ])('of %j and %j', (query, body, expected) => {
    expect(read(query, body)).toEqual(expected);
  });

  test('takes nothing from a body of another type', () => {
    expect(read('', 'value=1', 'application/json')).toEqual({});
    expect(read('', 'value=1', ';;;bad')).toBe('mime: no media type');
  });
});

test.each([
  ['Text/Plain; charset=utf-8', 'text/plain', undefined],
  [`${urlencoded};`, urlencoded, undefined],
  [`${urlencoded}; charset`, urlencoded, 'mime: invalid media parameter'],
  [`${urlencoded}; a="b;\\"c"`, urlencoded, undefined],
  [`${urlencoded}; a=1; A=2`, '', 'mime: duplicate parameter name'],
  ['a/', '', 'mime: expected token after slash'],
  ['a b', '', 'mime: expected slash after first token'],
  ['a/b c', '', 'mime: unexpected content after media subtype'],
])('the media type %j', (header, type, fault) => {
  expect(mediaType(header)).toEqual({ type, ...(fault !== undefined && { fault }) });
});
