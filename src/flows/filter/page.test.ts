import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fields } from './fields.ts';
import { fuzzFilter } from './fuzz.ts';
import { filterWords, parseFilter } from './index.ts';
import { flagLetters } from './names.ts';
import { connectives } from './words.ts';

const page = readFileSync(new URL('../../../docs/53-filter-language.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```filter\n([\s\S]*?)```/g)].flatMap((block) => block[1]!.trim().split('\n'));
/** The last cell of a row in the tables of fields. */
const cells = [...page.matchAll(/^\| `.*\| `([^`|]+)` +\|$/gm)].map((row) => row[1]!);
const codes = new Set([...page.matchAll(/`([^`\n]+)`/g)].map((code) => code[1]!));

test('every example of the reference page is a filter', () => {
  expect(examples.length).toBeGreaterThan(25);
  expect(cells.length).toBeGreaterThan(35);
  for (const example of [...examples, ...cells.filter((cell) => !filterWords.includes(cell) && cell !== '&&' && cell !== '!')]) {
    expect(() => parseFilter(example), example).not.toThrow();
    fuzzFilter(Buffer.from(example));
  }
});

test.each([...filterWords, ...flagLetters.keys(), '<', '<=', '>=', '!', '&&'])('the word %s is on the reference page', (word) => {
  expect(codes).toContain(word);
});

test('every field and connective has an example', () => {
  const text = [...examples, ...cells].join('\n');
  for (const word of [...fields.map((field) => field.words[0]), ...connectives, 'after', 'before']) {
    expect(text.split(/[\s()[\]]+/), word).toContain(word);
  }
});

test('the refusal on the page is the refusal', () => {
  const [title, filter, caret] = page
    .match(/```text\n([\s\S]*?)```/)![1]!
    .trimEnd()
    .split('\n');
  expect(() => parseFilter(filter!)).toThrow(expect.objectContaining({ title, detail: `${filter}\n${caret}` }));
});
