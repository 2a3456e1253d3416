import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indentJson } from './json-text.ts';

test.each([
  ['{}', '{}\n'],
  ['{"a":1,"b":[1,2],"c":{}}', '{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ],\n  "c": {}\n}\n'],
  ['"a,b:{c}\\""', '"a,b:{c}\\""\n'],
  ['{"n":12345678901234567890}', '{\n  "n": 12345678901234567890\n}\n'],
])('%s', (compact, indented) => expect(indentJson(compact)).toBe(indented));

test('writes what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const compact = JSON.stringify(value);
      expect(indentJson(compact)).toBe(`${JSON.stringify(JSON.parse(compact), null, 2)}\n`);
    }),
  );
});
