/** LANL rows in, CSV out: the nine columns octet for octet; a file that breaks off says how many rows were good. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lanlRows } from '../../bench/lanl-rows.ts';
import { hasReferenceData, needed, readReference } from './reference-data.ts';
import { RunningServer } from './running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
});
afterAll(() => server.stop());

const nine = 'time,duration,src_comp,src_port,dst_comp,dst_port,protocol,packet_count,byte_count';
const madeRows = Buffer.concat([...lanlRows({ rows: 30_000, days: 3 })]);

/** Only the number of the first line that differs, and both: the texts have megabytes. */
const firstDifference = (text: string, expected: string): unknown => {
  if (text === expected) return undefined;
  const [lines, wanted] = [text.split('\n'), expected.split('\n')];
  const at = wanted.findIndex((line, index) => line !== lines[index]);
  return { line: at + 1, got: lines[at], expected: wanted[at], lines: lines.length, expectedLines: wanted.length };
};

describe('import, then export as CSV', () => {
  const roundTrip = async (file: Buffer): Promise<void> => {
    const { id, flows } = await server.imported(file);
    const words = { filter: `source ${id}`, fields: nine, header: 'absent' };
    const answer = await server.get('/api/v1/stream/flows.csv', words);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=absent');
    const expected = (file[0] === 0x1f ? gunzipSync(file) : file).toString('latin1');
    expect(firstDifference((await answer.text()).replaceAll('\r\n', '\n'), expected)).toBe(undefined);
    expect(flows).toBe(expected.split('\n').length - 1);
  };

  test('thirty thousand made rows', () => roundTrip(madeRows));
  test.skipIf(!hasReferenceData).each(['lanl/cyber1-flows-real.txt', 'lanl/synthetic-200k.txt.gz'])(`%s ${needed}`, (file) =>
    roundTrip(readReference(file)),
  );
});

describe('a gzip that is cut in its middle', () => {
  const cut = (file: Buffer): Buffer => file.subarray(0, Math.floor(file.length / 2));

  const tellsGoodRows = async (file: Buffer): Promise<void> => {
    const { flows } = await server.summary();
    const { state, problem } = await server.import(cut(file));
    expect(state).toBe('failed');
    const good = Number(/(\d+) rows before it were good/.exec(String(problem?.detail))?.[1]);
    const lines = gunzipSync(file).toString('latin1').split('\n').length - 1;
    expect(good).toBeGreaterThan(lines / 4);
    expect(good).toBeLessThan(lines);
    expect((await server.summary()).flows).toBe(flows);
  };

  test('tells how many rows were good, and keeps none', () => tellsGoodRows(gzipSync(madeRows)));
  test.skipIf(!hasReferenceData)(`the same of the reference rows ${needed}`, () =>
    tellsGoodRows(readReference('lanl/synthetic-200k.txt.gz')),
  );
});

test('what Weir exports comes back the same, in every format', async () => {
  const { id } = await server.imported(Buffer.concat([...lanlRows({ rows: 4000, days: 2, seed: 7 })]));
  const words = { filter: `source ${id}`, fields: nine };
  const expected = await server.text('/api/v1/stream/flows.csv', words);
  for (const format of ['csv', 'ndjson', 'json', 'parquet']) {
    const file = Buffer.from(await (await server.get('/api/v1/stream/flows', { ...words, format, fields: 'all' })).arrayBuffer());
    const back = await server.imported(file, { again: true, name: format });
    expect(back.format).toBe(format);
    const rows = await server.text('/api/v1/stream/flows.csv', { ...words, filter: `source ${back.id}` });
    expect({ format, difference: firstDifference(rows, expected) }).toEqual({ format, difference: undefined });
  }
});
