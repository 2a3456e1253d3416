/** `key=value` words as JSON members or as parameters of a query string. */
import { readFileSync } from 'node:fs';
import { Problem } from '../core/problem.ts';

/** One word; `isTyped` reads `true`, `false`, `null` and numbers as such, and `@FILE` as the text of a file. */
export type Field = { word: string; isTyped: boolean };

type Tree = { [name: string]: unknown };

/** The JSON object of some fields: `a[b]=1` puts b into a, `a[]=1` adds to the list a. Throws Problem('invalid'). */
export function objectOf(fields: readonly Field[]): Tree {
  const root: Tree = Object.create(null);
  for (const field of fields) {
    const { path, value } = readField(field);
    put(root, path, value, field.word);
  }
  return root;
}

/** The same fields as parameters of a query string, in their order. */
export const parametersOf = (fields: readonly Field[]): [string, string][] =>
  fields.map((field) => {
    const { key, value } = readField(field);
    return [key, value === null ? '' : String(value)];
  });

function readField({ word, isTyped }: Field): { key: string; path: string[]; value: unknown } {
  const [, key, name, steps = '', text = ''] = /^(([^=[\]]+)((?:\[[^=[\]]*\])*))=([\s\S]*)$/.exec(word) ?? [];
  if (key === undefined || name === undefined) {
    throw new Problem('invalid', `${word} is no field`, { detail: 'expected key=value, key[part]=value or key[]=value' });
  }
  const path = [name, ...[...steps.matchAll(/\[([^\]]*)\]/g)].map(([, step]) => step as string)];
  return { key, path, value: isTyped ? typedValue(text) : text };
}

function typedValue(text: string): unknown {
  if (text === 'true' || text === 'false' || text === 'null') return JSON.parse(text);
  if (/^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text)) return Number(text);
  return text.startsWith('@') ? readText(text.slice(1)) : text;
}

/** The text of a file, `-` for standard input. Throws Problem('invalid'). */
export function readText(file: string): string {
  return readBytes(file).toString('utf8');
}

/** The octets of a file, `-` for standard input. Throws Problem('invalid'). */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (cause) {
    throw new Problem('invalid', `${file === '-' ? 'standard input' : file} cannot be read`, { detail: (cause as Error).message, cause });
  }
}

function put(at: Tree | unknown[], [step = '', ...rest]: readonly string[], value: unknown, word: string): void {
  const clash = () => new Problem('invalid', `${word} does not fit to the fields before it`);
  if (Array.isArray(at)) {
    if (step !== '') throw clash();
    // A part that the last element has not got yet belongs to it; one that it has begins the next element.
    const last: unknown = at.at(-1);
    if (rest.length === 0) at.push(value);
    else if (isTree(last) && !((rest[0] as string) in last)) put(last, rest, value, word);
    else put(at[at.push(branch(rest)) - 1] as Tree, rest, value, word);
    return;
  }
  if (step === '') throw clash();
  if (rest.length === 0) {
    if (step in at) throw clash();
    at[step] = value;
    return;
  }
  at[step] ??= branch(rest);
  const below = at[step];
  if (!isTree(below) && !Array.isArray(below)) throw clash();
  put(below, rest, value, word);
}

const branch = ([next]: readonly string[]): Tree | unknown[] => (next === '' ? [] : (Object.create(null) as Tree));
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
