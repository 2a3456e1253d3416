import { expect, test } from 'vitest';
import { createOutput, csvLines } from './output.ts';
import { parseJson } from './whole-json.ts';

function record(options: { json?: boolean; csv?: boolean; quiet?: boolean }, terminal = false) {
  const written = { stdout: '', stderr: '' };
  const writeTo = (name: 'stdout' | 'stderr') => (text: string) => {
    written[name] += text;
    return true;
  };
  const stdout = { isTTY: terminal, columns: 40, write: writeTo('stdout') };
  const stderr = { write: writeTo('stderr') };
  const output = createOutput({ color: true, ...options }, { stdout, stderr } as unknown as Parameters<typeof createOutput>[1]);
  return { output, written };
}

const rows = [{ key: 'a,"b"', bytes: 1 }];
const columns = [{ title: 'key', show: (row: { key: string }) => row.key }];

test.each([
  [{}, 'key\na,"b"\n'],
  [{ json: true }, '[{"key":"a,\\"b\\"","bytes":1}]\n'],
  [{ csv: true }, 'key,bytes\n"a,""b""",1\n'],
])('prints rows as %j asks', (options, expected) => {
  const { output, written } = record(options);
  output.rows(rows, columns, ['key', 'bytes']);
  expect(written.stdout).toBe(expected);
});

test('lays JSON out on a terminal', () => {
  const { output, written } = record({ json: true }, true);
  output.json({ a: 1 });
  expect(written.stdout).toBe('{\n  "a": 1\n}\n');
});

test('keeps all digits of integers beyond 2^53', () => {
  const { output, written } = record({ json: true });
  output.json(parseJson('{"session_id":18446744073709551615,"share":0.5}'));
  expect(written.stdout).toBe('{"session_id":18446744073709551615,"share":0.5}\n');
});

test('prints remarks on standard error only, and none when quiet', () => {
  const loud = record({ json: true });
  loud.output.note('x');
  loud.output.line('y');
  expect(loud.written).toEqual({ stdout: '', stderr: 'x\n' });
  const quiet = record({ quiet: true });
  quiet.output.note('x');
  expect(quiet.written.stderr).toBe('');
});

test.each([
  [null, ''],
  [0, '0'],
  ['a\nb', '"a\nb"'],
  [{ a: 1 }, '"{""a"":1}"'],
])('the CSV field of %j is %j', (value, expected) => {
  expect(csvLines([{ f: value }], ['f'])[1]).toBe(expected);
});
