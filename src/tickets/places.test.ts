import { expect, test } from 'vitest';
import { descriptionAt, factsAt, idAt, idOfFacts, isTicketId } from './places.ts';

test.each(['00000000000000000010', 'printer', 'größe 🎫', 'a.b', '..a', '10'])('%s can name a ticket, and is found again', (id) => {
  expect(isTicketId(id)).toBe(true);
  expect(idAt(descriptionAt(id))).toBe(id);
  expect(idOfFacts(factsAt(id))).toBe(id);
});

test.each(['', '_facts', 'a/b', '/', 'x'.repeat(256), '\ud800'])('%j cannot', (id) => {
  expect(isTicketId(id)).toBe(false);
});

test('what is not a child of the tickets is none', () => {
  for (const path of ['/tickets', '/tickets/a/b', '/tickets/_facts/00000000000000000011', '/other/a', '/tickets/\xff'])
    expect([path, idAt(path)]).toEqual([path, undefined]);
});

test('the facts of a numbered ticket have the next number', () => {
  expect(factsAt('00000000000000000010')).toBe('/tickets/_facts/00000000000000000011');
  expect(factsAt('09999999999999999999')).toBe('/tickets/_facts/10000000000000000000');
});
