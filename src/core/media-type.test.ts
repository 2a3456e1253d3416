import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseMediaType } from './media-type.ts';

const offered = ['application/json', 'application/x-ndjson', 'application/xml', 'text/csv'];

test.each<[accept: string | undefined, chosen: string | undefined]>([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['text/csv', 'text/csv'],
  ['TEXT/CSV', 'text/csv'],
  ['text/*', 'text/csv'],
  ['application/*', 'application/json'],
  ['image/png', undefined],
  ['image/png, */*;q=0.1', 'application/json'],
  ['application/json;q=0.5, text/csv', 'text/csv'],
  ['application/json;q=0.5, text/csv;q=0.5', 'application/json'],
  ['*/*, application/json;q=0', 'application/x-ndjson'],
  ['application/*;q=0.2, application/xml;q=0.4', 'application/xml'],
  ['application/json;q=0, application/x-ndjson;q=0', undefined],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/xml'],
  ['application/json;version=2', undefined],
  ['application/json ; q=0.1 , text/csv ; q=0.2', 'text/csv'],
  ['application/json;q=0.1;old="a,b;q=1", text/csv;q=0.05', 'application/json'],
  ['garbage', 'application/json'],
  ['garbage, text/csv', 'text/csv'],
  ['application/json;q=2, text/csv;q=0.1', 'text/csv'],
  ['*/csv', undefined],
])('Accept: %s chooses %s', (accept, chosen) => {
  expect(chooseMediaType(accept, offered)).toBe(chosen);
});

test('a parameter of the offer answers a range that asks for it, and one that does not', () => {
  const withParameters = ['text/csv; charset=utf-8; header=absent', 'text/csv; charset=utf-8; header=present'];
  expect(chooseMediaType('text/csv;header=present', withParameters)).toBe(withParameters[1]);
  expect(chooseMediaType('text/csv;header="present"', withParameters)).toBe(withParameters[1]);
  expect(chooseMediaType('text/csv', withParameters)).toBe(withParameters[0]);
  expect(chooseMediaType('text/csv;header=present;q=0.1, text/csv;q=0.5', withParameters)).toBe(withParameters[0]);
});

test('any header gives an offer or nothing, soon', () => {
  const piece = fc.constantFrom('application/json', 'text/*', '*/*', ';', ',', 'q=', '0.5', '"', '\\', ' ', '=', 'x');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (accept) => {
        expect([...offered, undefined]).toContain(chooseMediaType(accept, offered));
      },
    ),
  );
  chooseMediaType('*/*;q=0.1,'.repeat(100_000), offered);
});
