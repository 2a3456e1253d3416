import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of every test of the house. */
const tests = ['src', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)))
  .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
  .map((path) => readFileSync(path, 'utf8'));

const page = readFileSync(join(root, 'docs/83-threat-model.md'), 'utf8');
const rows = page
  .slice(page.indexOf('<!-- threats -->'), page.indexOf('<!-- /threats -->'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| threat') && !line.startsWith('| --'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('each threat names a test that there is', () => {
  expect(rows.length).toBeGreaterThan(30);
  const names = rows.map(([, threat, , name]) => ({ threat, name: /^`(.+)`$/.exec(name ?? '')?.[1] ?? '' }));
  const missing = names.filter(
    ({ name }) => name === '' || !tests.some((text) => text.includes(`'${name}'`) || text.includes(`"${name}"`)),
  );
  expect(missing).toEqual([]);
});
