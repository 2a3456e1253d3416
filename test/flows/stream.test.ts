/**
 * The stream over HTTP: every format read by a strict parser of its kind, empty answers too; the requests of the published
 * description as it wrote them; and what is wrong in a request said in the answer.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lanlRows } from '../../bench/lanl-rows.ts';
import { madeTraffic, pcapOf } from './made-captures.ts';
import { type Problem, RunningServer, type Words } from './running-server.ts';

const stream = '/api/v1/stream/flows';
const columns = ['id', 'time', 'duration', 'src_comp', 'src_port', 'dst_comp', 'dst_port', 'protocol', 'packet_count', 'byte_count'];
const lanl = Buffer.concat([...lanlRows({ rows: 5000, days: 2 })]).toString('latin1');
/** Names and numbers that a careless writer breaks: markup, an apostrophe, spaces, a counter above 2^53. */
const hostile = `86401,3,C<&>'1,N1,C]]>2,443,6,9007199254740993,9007199254740995\n86401,0,C3 x  y,80,C=4,N2,17,1,40\n`;
/** Seconds and ids of the rows as they were sent, in the order of the store. */
const sent = `${lanl}${hostile}`
  .trim()
  .split('\n')
  .map((line, at) => ({ time: Number(line.split(',')[0]), id: at + 1 }))
  .toSorted((a, b) => a.time - b.time || a.id - b.id);
const secondsFrom = (after: number, before: number) => sent.filter(({ time }) => time > after && time <= before);

let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
  await server.imported(`${lanl}${hostile}`, { format: 'lanl-2015' });
});
afterAll(() => server.stop());

/** A row of any format, as text by column; null stays. */
type TextRow = Record<string, string | null>;
const asText = (row: Record<string, unknown>): TextRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null || value === undefined ? null : String(value)]));

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

const askDuck = async (sql: string): Promise<TextRow[]> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(sql);
  const rows = reader.getRowObjects().map(asText);
  connection.closeSync();
  instance.closeSync();
  return rows;
};

const inFile = (bytes: Uint8Array): string => {
  const path = join(server.folder, 'answer');
  writeFileSync(path, bytes);
  return path;
};

const readXml = (bytes: Buffer): TextRow[] => {
  const text = bytes.toString('utf8');
  expect(XMLValidator.validate(text)).toBe(true);
  if (isThere('xmllint')) expect(spawnSync('xmllint', ['--noout', '-'], { input: bytes, encoding: 'utf8' }).stderr).toBe('');
  expect(text).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>/);
  const parsed = new XMLParser({ parseTagValue: false, trimValues: false, isArray: (name) => name === 'record' }).parse(text);
  return ((parsed.records as { record?: Record<string, unknown>[] }).record ?? []).map(asText);
};

/** All rows of an answer by the strictest parser at hand. */
const readers: Record<string, (bytes: Buffer) => TextRow[] | Promise<TextRow[]>> = {
  // Numbers beyond 2^53 are exact in the text only, so these ask for strings.
  json: (bytes) => (JSON.parse(bytes.toString('utf8')) as Record<string, unknown>[]).map(asText),
  ndjson: (bytes) => {
    expect(bytes.length === 0 || bytes.at(-1) === 10).toBe(true);
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    return lines.map((line) => asText(JSON.parse(line) as Record<string, unknown>));
  },
  xml: readXml,
  csv: (bytes) =>
    askDuck(
      `FROM read_csv('${inFile(bytes)}', strict_mode = true, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`,
    ),
  parquet: (bytes) => askDuck(`SELECT ${columns.join()} FROM read_parquet('${inFile(bytes)}')`),
  arrow: (bytes) =>
    tableFromIPC(bytes)
      .toArray()
      .map((row) => asText({ ...(row as { toJSON(): object }).toJSON() })),
};
const mediaTypes: Record<string, string> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  xml: 'application/xml',
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
};
const formats = Object.keys(readers);

const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());
const rowsOf = async (format: string, words: Words = {}): Promise<TextRow[]> => {
  const answer = await server.get(stream, { bigint: 'string', ...words, format });
  expect({ format, status: answer.status, type: answer.headers.get('content-type') }).toMatchObject({
    status: 200,
    type: mediaTypes[format],
  });
  return (readers[format] as (typeof readers)[string])(await bytesOf(answer));
};

describe.each(formats)('%s', (format) => {
  test('a strict parser reads every row, in order', async () => {
    const rows = await rowsOf(format);
    expect(rows.map(({ time, id }) => ({ time: Number(time), id: Number(id) }))).toEqual(sent);
    expect(Object.keys(rows[0] ?? {})).toEqual(columns);
  });

  test('the hostile names and numbers come back as they were', async () => {
    const rows = await rowsOf(format, { scanned_after: 86_400, scanned_before: 86_401, filter: 'dst port 443 or port 80' });
    const found = rows.filter(({ id }) => Number(id) > 5000);
    expect(found).toMatchObject([
      { src_comp: "C<&>'1", dst_comp: 'C]]>2', packet_count: '9007199254740993', byte_count: '9007199254740995' },
      { src_comp: 'C3 x  y', dst_comp: 'C=4', protocol: '17' },
    ]);
  });

  test('a strict parser reads an empty answer', async () => {
    expect(await rowsOf(format, { scanned_after: 4e9 })).toEqual([]);
  });

  test('a limit', async () => {
    expect((await rowsOf(format, { limit: 7 })).map(({ id }) => Number(id))).toEqual(sent.slice(0, 7).map(({ id }) => id));
  });

  test('its suffix and its media type say the same as format=', async () => {
    const words = { limit: 20 };
    const expected = await bytesOf(await server.get(stream, { ...words, format }));
    const accept = { headers: { accept: mediaTypes[format]?.split(';')[0] ?? '' } };
    expect((await bytesOf(await server.get(`${stream}.${format}`, words))).equals(expected)).toBe(true);
    expect((await bytesOf(await server.get(stream, words, accept))).equals(expected)).toBe(true);
  });
});

test('empty answers are what the format calls empty', async () => {
  const words = { scanned_after: 4e9 };
  expect(JSON.parse(await server.text(stream, words))).toEqual([]);
  expect(await server.text(`${stream}.ndjson`, words)).toBe('');
  expect(await server.text(`${stream}.xml`, words)).toMatch(/<records\s*\/>|<records>\s*<\/records>/);
  expect((await server.text(`${stream}.csv`, words)).trim()).toBe(columns.join());
});

describe('the requests of the published description', () => {
  test('one second of activity as JSON', async () => {
    const rows = await server.json<{ id: number; time: number }[]>(`${stream}.json?scanned_after=86400&scanned_before=86401`);
    expect(rows.map(({ id, time }) => ({ id, time }))).toEqual(secondsFrom(86_400, 86_401));
    expect(rows.length).toBeGreaterThan(0);
  });

  test('the same as XML', async () => {
    const answer = await server.get(`${stream}?scanned_after=86400&scanned_before=86401&format=xml`);
    expect(answer.headers.get('content-type')).toBe('application/xml');
    const rows = readXml(await bytesOf(answer));
    expect(rows.map(({ time, id }) => ({ time: Number(time), id: Number(id) }))).toEqual(secondsFrom(86_400, 86_401));
  });

  test('bounds: later than the first, not later than the second, in seconds or ISO 8601', async () => {
    const ids = async (words: Words): Promise<number[]> => (await server.json<{ id: number }[]>(stream, words)).map(({ id }) => id);
    const expected = secondsFrom(1000, 5000).map(({ id }) => id);
    expect(await ids({ scanned_after: 1000, scanned_before: 5000 })).toEqual(expected);
    expect(await ids({ scanned_after: '1970-01-01T00:16:40Z', scanned_before: '1970-01-01T01:23:20Z' })).toEqual(expected);
    expect(await ids({ scanned_after: 5000, scanned_before: 1000 })).toEqual([]);
    expect((await ids({})).length).toBe(sent.length);
  });
});

describe('what is wrong is a 400 that names it', () => {
  test.each([
    ['scaned_after=5', 'scaned_after', 'scanned_after'],
    ['scanned_before=abc', 'scanned_before', '"abc"'],
    ['scanned_after=', 'scanned_after', ''],
    ['limit=0', 'limit', ''],
    ['limit=ten', 'limit', ''],
    ['limit=-1', 'limit', ''],
    ['format=yaml', 'format', 'json, ndjson, xml, csv, arrow, parquet'],
    ['format=jsn', 'format', 'did you mean json'],
    ['fields=time,src_cmp', 'fields', 'src_comp'],
    ['fields=time,time', 'fields', 'twice'],
    ['order=up', 'order', ''],
    ['bigint=maybe', 'bigint', ''],
    ['ingested_after=yesterday', 'ingested_after', ''],
    ['filter=proto+tcp+and', 'filter', 'column 14'],
    ['filter=prto+tcp', 'filter', 'proto'],
    ['filter=port+99999', 'filter', 'column 6'],
    ['filter=host+1.2.3.4.5+or+(', 'filter', 'column'],
  ])('%s', async (query, pointer, says) => {
    const answer = await server.get(`${stream}?${query}`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await answer.json()) as Problem;
    expect(problem).toMatchObject({ status: 400, code: 'invalid' });
    expect(JSON.stringify(problem)).toContain(pointer);
    expect(`${problem.title} ${problem.detail ?? ''} ${problem.hint ?? ''}`).toContain(says);
  });

  test('a path and a parameter that ask for two formats', async () => {
    expect((await server.get(`${stream}.json?format=json&limit=1`)).status).toBe(200);
    const answer = await server.get(`${stream}.json?format=xml&limit=1`);
    expect([answer.status, ((await answer.json()) as Problem).title]).toEqual([
      400,
      'format: the path asks for json, and format=xml for another',
    ]);
  });

  test('a media type that nobody writes is a 406', async () => {
    const answer = await server.get(stream, {}, { headers: { accept: 'image/png' } });
    expect(answer.status).toBe(406);
    expect(((await answer.json()) as Problem).detail).toContain('application/x-ndjson');
  });
});

describe('content coding', () => {
  /** The octets as they came: fetch would decode them. */
  const raw = (path: string, coding: string) =>
    new Promise<{ coding: string | undefined; vary: string | undefined; body: Buffer }>((resolve, reject) => {
      get(server.address(path), { headers: { 'accept-encoding': coding }, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part) => parts.push(part as Buffer));
        answer.on('error', reject);
        answer.on('end', () => {
          const { 'content-encoding': coding, vary } = answer.headers;
          resolve({ coding, vary, body: Buffer.concat(parts) });
        });
      }).on('error', reject);
    });

  test.each(['json', 'ndjson', 'xml', 'csv', 'arrow'])('%s in gzip and zstd decodes to the plain octets', async (format) => {
    const plain = await raw(`${stream}.${format}`, 'identity');
    expect(plain.coding).toBe(undefined);
    expect(plain.vary).toContain('accept-encoding');
    for (const [coding, decode] of Object.entries({ gzip: gunzipSync, zstd: zstdDecompressSync })) {
      const coded = await raw(`${stream}.${format}`, coding);
      expect(coded.coding).toBe(coding);
      expect(coded.body.length).toBeLessThan(plain.body.length / 2);
      expect(decode(coded.body).equals(plain.body)).toBe(true);
    }
  });

  test('a coding that is refused is not used', async () => {
    expect((await raw(`${stream}.csv`, 'gzip;q=0, zstd;q=0.0')).coding).toBe(undefined);
  });
});

test('bigint=string shows counters exactly, order=-time turns everything round, fields choose columns', async () => {
  const words = { order: '-time', bigint: 'string', fields: 'byte_count,id,time' };
  const rows = await server.json<{ id: string; time: string; byte_count: string }[]>(stream, words);
  expect(rows.map(({ time, id }) => ({ time: Number(time), id: Number(id) }))).toEqual(sent.toReversed());
  expect(Object.keys(rows[0] ?? {})).toEqual(['byte_count', 'id', 'time']);
  expect(rows.find(({ id }) => Number(id) === 5001)?.byte_count).toBe('9007199254740995');
  const text = await server.text(stream, { filter: 'bytes > 1000t', fields: 'byte_count' });
  expect(text).toContain('9007199254740995');
});

test('all columns of captured flows, sealed or not, are in every format that has types', async () => {
  await using other = await RunningServer.start();
  const { frames } = madeTraffic(30);
  const record = await other.imported(pcapOf(frames));
  for (const isSealed of [false, true]) {
    if (isSealed) await fetch(other.address('/api/v1/flows/seal'), { method: 'POST' });
    const json = await other.json<Record<string, unknown>[]>(stream, { fields: 'all', bigint: 'string' });
    expect(json.length).toBe(record.flows);
    expect(Object.keys(json[0] ?? {}).length).toBeGreaterThan(50);
    const arrow = tableFromIPC(await bytesOf(await other.get(`${stream}.arrow`, { fields: 'all' })));
    expect(arrow.schema.fields.map(({ name }) => name)).toEqual(Object.keys(json[0] ?? {}));
    writeFileSync(join(server.folder, 'answer'), await bytesOf(await other.get(`${stream}.parquet`, { fields: 'all' })));
    const parquet = await askDuck(`FROM read_parquet('${join(server.folder, 'answer')}')`);
    expect(parquet.map(({ src_comp, byte_count, rev_byte_count }) => ({ src_comp, byte_count, rev_byte_count }))).toEqual(
      json.map(asText).map(({ src_comp, byte_count, rev_byte_count }) => ({ src_comp, byte_count, rev_byte_count })),
    );
  }
});
