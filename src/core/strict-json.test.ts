import { expect, test } from 'vitest';
import { Problem } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

const parse = (text: string): unknown => parseStrictJson(Buffer.from(text));

test.each([
  '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
  '{"a":"{\\"a\\":1,","b":"\\\\","c":"\\\\\\""}',
  '{"proto":1,"constructor":"Bob","prototype":{"constructor":2}}',
  '[1,"a","a",{"":1}]',
  '{}',
  '"text"',
  ' null ',
  '{"a":["x","x",{"x":"x"}],"x":"a"}',
])('%s is what JSON.parse makes of it', (text) => {
  expect(parse(text)).toEqual(JSON.parse(text));
});

test('a byte order mark is passed over', () => {
  expect(parse('\uFEFF[1]')).toEqual([1]);
});

test.each([
  ['{"a":1,"a":2}', 'more than once', '/a'],
  ['{"a":1,"\\u0061":2}', 'more than once', '/a'],
  ['{"b":[{"a":{}},{"a":[],"a/b":1,"a/b":1}]}', 'more than once', '/b/a~1b'],
  ['{"a":{"__proto__":{"role":"admin"}}}', 'this name', '/a/__proto__'],
  ['{"\\u005f_proto__":1}', 'this name', '/__proto__'],
  ['{"constructor":{"prototype":{}}}', 'this name', '/constructor/prototype'],
  [`${'['.repeat(101)}${']'.repeat(101)}`, 'deeper', ''],
])('%s is refused: %s', (text, words, pointer) => {
  let problem: unknown;
  try {
    parse(text);
  } catch (error) {
    problem = error;
  }
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ code: 'invalid', pointer, detail: expect.stringContaining(words) });
});

test.each([
  ['', 'empty'],
  ['{"a":', 'not valid JSON'],
  ['{"a":1}}', 'not valid JSON'],
])('%j is refused: %s', (text, words) => {
  expect(() => parse(text)).toThrow(words);
});

test('octets that are no UTF-8 are refused', () => {
  expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('UTF-8');
});
