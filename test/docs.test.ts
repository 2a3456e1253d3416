import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { differences, fileOf, referenceTables } from '../scripts/reference-docs.ts';

const tables = await referenceTables();

test.each(tables.map((table) => [`docs/${table.page}`, table] as const))('%s tells every name as the program has it', (_page, table) => {
  expect(table.rows.length).toBeGreaterThan(0);
  // Printed as a list of lines; `node scripts/reference-docs.ts --write` mends them.
  expect(differences(readFileSync(fileOf(table), 'utf8'), table)).toEqual([]);
});

test('every name has a sentence', () => {
  const mute = tables.flatMap(({ page, rows }) => rows.filter((row) => row.at(-1) === '').map(([name]) => `${page}: ${name}`));
  expect(mute).toEqual([]);
});

test('every route says who may use it', () => {
  const routes = tables.find(({ marker }) => marker === 'routes')?.rows ?? [];
  expect(routes.filter(([, role]) => role === '').map(([name]) => name)).toEqual([]);
});
