import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { lanlRows } from '../../../bench/lanl-rows.ts';
import { Problem } from '../../core/problem.ts';
import { batchRows, FlowBatch } from '../batch.ts';
import { Collector } from './collect.ts';
import { createLanlParser } from './lanl.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { lanlFields } from './lanl-fields.ts';
import { readLanlLine } from './lanl-row.ts';
import { lineLimit } from './limits.ts';
import { BadRows } from './rows.ts';

const good = '1,0,C1,389,C2,N1,6,10,5323';
const biflow = '4060800,0,Comp621354,Comp275646,17,Port03657,53,1,0,63,0';

type Given = { format?: LanlFormat; skipBad?: number | boolean; epoch?: number; cuts?: readonly number[] };

/** Used again in each case: to make one takes longer than most cases. */
const batch = new FlowBatch('named');
const otherBatch = new FlowBatch('named');

/** Imports a text (or octets), cut at the given places. */
const read = (text: string | Uint8Array, { format = 'lanl-2015', skipBad = true, epoch, cuts = [] }: Given = {}) => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const emit = new Collector('named', batch);
  const badRows = new BadRows(skipBad);
  const parser = createLanlParser({ format, emit, badRows, epoch });
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A copy that is wiped afterwards: a parser that keeps the bytes of a chunk is found out.
    const chunk = Uint8Array.from(bytes.subarray(at, cut));
    parser.push(chunk);
    chunk.fill(0x2c);
    at = cut;
  }
  parser.end();
  const { lines, rows, unordered } = parser;
  return { flows: emit.rows, lines, rows, unordered, bad: badRows.kept.map(({ reason }) => reason), badCount: badRows.count };
};

const nine = ['time', 'duration', 'src_comp', 'src_port', 'dst_comp', 'dst_port', 'protocol', 'packet_count', 'byte_count'];
const eleven = ['time', 'duration', 'src_comp', 'dst_comp', 'protocol', 'src_port', 'dst_port'].concat([
  'packet_count',
  'rev_packet_count',
  'byte_count',
  'rev_byte_count',
]);
const written = (flows: readonly Readonly<Record<string, string>>[], names: readonly string[]): string =>
  flows.map((flow) => `${names.map((name) => flow[name]).join(',')}\n`).join('');

describe('a good row', () => {
  it('becomes a flow whose id is its line', () => {
    expect(read(`${good}\n`).flows).toEqual([
      {
        id: '1',
        time: '1',
        duration: '0',
        src_comp: 'C1',
        src_port: '389',
        dst_comp: 'C2',
        dst_port: 'N1',
        protocol: '6',
        packet_count: '10',
        byte_count: '5323',
      },
    ]);
  });

  it('of 2017 has both directions, 0 where nothing came back', () => {
    const [flow] = read(`${biflow}\n`, { format: 'lanl-2017' }).flows;
    expect(flow).toMatchObject({ src_comp: 'Comp621354', dst_comp: 'Comp275646', src_port: 'Port03657', dst_port: '53', protocol: '17' });
    expect(flow).toMatchObject({ packet_count: '1', rev_packet_count: '0', byte_count: '63', rev_byte_count: '0', time: '4060800' });
  });

  it('may have a leading id, which is checked and left', () => {
    const { flows, bad } = read(`900,${good}\nx,${good}\n18446744073709551616,${good}\n0,${good}\n`, { format: 'lanl-2015-id' });
    expect(flows.map(({ id, src_comp }) => [id, src_comp])).toEqual([
      ['1', 'C1'],
      ['4', 'C1'],
    ]);
    expect(bad).toEqual([
      'line 2, column 1 (id): expected a whole number, got "x"',
      'line 3, column 1 (id): expected a whole number of 0 to 18446744073709551615, got "18446744073709551616"',
    ]);
  });

  it.each([
    ['counters up to 2^64-1', '1,0,C1,389,C2,N1,6,18446744073709551615,9007199254740993\n'],
    ['ten-digit numbers', '1,1222324,C1,389,C2,N1,6,4294967296,36000000000\n'],
    ['the last second of the year 9999', '253402300799,0,C1,389,C2,N1,6,1,0\n'],
    ['long names', `1,0,Comp1234567890123,Port12345678901,${'n'.repeat(255)},0,0,1,0\n`],
    ['names that are not ASCII', '1,0,Größe,65535,コンピュータ,N1,255,1,46\n'],
    ['names with spaces and markup', "1,0,a b,N1,<&>',N2,1,1,46\n"],
    ['role names', '1,0,EnterpriseAppServer,N1,ActiveDirectory,389,6,1,46\n'],
    ['long names that differ in the middle', '1,0,same-start--A--same-ending,N1,same-start--B--same-ending,N2,6,1,46\n'],
    ['names of 12 and 13 octets', '1,0,123456789012,N12345678901,1234567890123,N123456789012,6,1,46\n'],
  ])('comes out octet for octet: %s', (_name, text) => {
    const { flows, bad } = read(text);
    expect(bad).toEqual([]);
    expect(written(flows, nine)).toBe(text);
  });

  it('gets times where the epoch is known', () => {
    const [flow] = read('100,60,C1,389,C2,N1,6,10,5323\n', { epoch: 1_420_070_400 }).flows;
    expect(flow).toMatchObject({ time: '100', start_time: '1420070500000000000', end_time: '1420070560000000000' });
  });

  it('is refused where the epoch carries it past the year 2262', () => {
    const { rows, bad, lines } = read(`${good}\n9223372036,1,C1,389,C2,N1,6,10,5323\n`, { epoch: 0 });
    expect([rows, lines]).toEqual([1, 2]);
    expect(bad).toEqual([
      'line 2, column 1 (time): expected a time and duration that end before the year 2262 from epoch 0, got "9223372036"',
    ]);
  });
});

it('has no time where the epoch is no whole number of seconds', () => {
  expect(() => read(good, { epoch: 1.5 })).toThrow('epoch: expected whole seconds between the years 1677 and 2262, got 1.5');
});

describe('a bad row is refused with its line, column and value', () => {
  const name = 'a name without';
  const port = 'a port of 0 to 65535 or a token such as N10451';
  it.each<[string | Uint8Array, string]>([
    ['1,0,C1,389,C2,N1,6,10', ': expected 9 columns, got 8'],
    ['1,0,C1,389,C2,N1,6,10,5323,extra', ': expected 9 columns, got 10'],
    ['hello', ': expected 9 columns, got 1'],
    ['0,0,C1,389,C2,N1,6,10,5323', ', column 1 (time): expected a whole number of 1 to 253402300799, got "0"'],
    [',0,C1,389,C2,N1,6,10,5323', ', column 1 (time): expected a whole number, got nothing'],
    ['007,0,C1,389,C2,N1,6,10,5323', ', column 1 (time): expected a whole number without leading zeros, got "007"'],
    ['253402300800,0,C1,389,C2,N1,6,10,5323', ', column 1 (time): expected a whole number of 1 to 253402300799, got "253402300800"'],
    ['3,-1,C1,389,C2,N1,6,10,5323', ', column 2 (duration): expected a whole number, got "-1"'],
    ['3,+1,C1,389,C2,N1,6,10,5323', ', column 2 (duration): expected a whole number, got "+1"'],
    ['3,1.5,C1,389,C2,N1,6,10,5323', ', column 2 (duration): expected a whole number, got "1.5"'],
    ['3,00,C1,389,C2,N1,6,10,5323', ', column 2 (duration): expected a whole number without leading zeros, got "00"'],
    ['3, 1,C1,389,C2,N1,6,10,5323', ', column 2 (duration): expected a whole number, got " 1"'],
    ['6,0,,389,C2,N1,6,10,5323', ', column 3 (source computer): expected a name, got nothing'],
    ['6,0,C\u0001,389,C2,N1,6,10,5323', `, column 3 (source computer): expected ${name} control characters, got "C\\u0001"`],
    ['6,0,C\u007f,389,C2,N1,6,10,5323', `, column 3 (source computer): expected ${name} control characters, got "C\u007f"`],
    ['6,0,C\u0085,389,C2,N1,6,10,5323', `, column 3 (source computer): expected ${name} control characters, got "C\u0085"`],
    ['6,0,C\r,389,C2,N1,6,10,5323', `, column 3 (source computer): expected ${name} control characters, got "C\\r"`],
    ['6,0,"C",389,C2,N1,6,1,1', `, column 3 (source computer): expected ${name} quotes (nothing is quoted in this format), got "\\"C\\""`],
    [Buffer.from('6,0,C\xff,389,C2,N1,6,10,5323', 'latin1'), ', column 3 (source computer): expected a name in UTF-8, got "C\ufffd"'],
    [
      `6,0,${'n'.repeat(256)},389,C2,N1,6,10,5323`,
      `, column 3 (source computer): expected a name of at most 255 octets, got "${'n'.repeat(80)}…"`,
    ],
    ['4,0,C1,99999,C2,N1,6,10,5323', `, column 4 (source port): expected ${port}, got "99999"`],
    ['4,0,C1,65536,C2,N1,6,10,5323', `, column 4 (source port): expected ${port}, got "65536"`],
    ['4,0,C1,,C2,N1,6,10,5323', `, column 4 (source port): expected ${port}, got nothing`],
    ['4,0,C1,-5,C2,N1,6,10,5323', `, column 4 (source port): expected ${port}, got "-5"`],
    ['4,0,C1,4x,C2,N1,6,10,5323', `, column 4 (source port): expected ${port}, got "4x"`],
    ['4,0,C1,080,C2,N1,6,10,5323', ', column 4 (source port): expected a port without leading zeros, got "080"'],
    ['4,0,C1,80,,N1,6,10,5323', ', column 5 (destination computer): expected a name, got nothing'],
    ['4,0,C1,80,C2,[1],6,10,5323', `, column 6 (destination port): expected ${port}, got "[1]"`],
    ['5,0,C1,389,C2,N1,300,10,5323', ', column 7 (protocol): expected a whole number of 0 to 255, got "300"'],
    ['5,0,C1,389,C2,N1,tcp,10,5323', ', column 7 (protocol): expected a whole number, got "tcp"'],
    ['5,0,C1,389,C2,N1,06,10,5323', ', column 7 (protocol): expected a whole number without leading zeros, got "06"'],
    ['5,0,C1,389,C2,N1,6,0,5323', ', column 8 (packet count): expected a whole number of 1 to 18446744073709551615, got "0"'],
    ['5,0,C1,389,C2,N1,6,-3,5323', ', column 8 (packet count): expected a whole number, got "-3"'],
    [
      '5,0,C1,389,C2,N1,6,1,18446744073709551616',
      ', column 9 (byte count): expected a whole number of 0 to 18446744073709551615, got "18446744073709551616"',
    ],
    ['5,0,C1,389,C2,N1,6,1,', ', column 9 (byte count): expected a whole number, got nothing'],
    ['10,0,C1,389,C2,N1,17,1,4x', ', column 9 (byte count): expected a whole number, got "4x"'],
    ['10,0,C1,389,C2,N1,17,1,4\r\r', ', column 9 (byte count): expected a whole number, got "4\\r"'],
    [
      `10,0,C1,389,C2,N1,17,1,${'9'.repeat(500)}`,
      `, column 9 (byte count): expected a whole number of 0 to 18446744073709551615, got "${'9'.repeat(80)}…"`,
    ],
  ])('%j', (line, reason) => {
    const bytes = Buffer.concat([Buffer.from(`${good}\n`), Buffer.from(line), Buffer.from(`\n${good}\n`)]);
    const { bad, flows } = read(bytes);
    expect(bad).toEqual([`line 2${reason}`]);
    expect(flows.map(({ id }) => id)).toEqual(['1', '3']);
  });

  it('and by default ends the import', () => {
    expect(() => read(`${good}\n${good.replace(',10,', ',-3,')}\n`, { skipBad: false })).toThrow(
      'line 2, column 8 (packet count): expected a whole number, got "-3"',
    );
  });

  it.each([
    ['1,0,Comp1,Comp2,6,Port1,443,11,0,2454', ': expected 11 columns, got 10'],
    ['1,0,Comp1,Comp2,443,Port1,443,11,0,2454,0', ', column 5 (protocol): expected a whole number of 0 to 255, got "443"'],
    ['1,0,Comp1,Comp2,6,Port1,443,11,,2454,0', ', column 9 (destination packets): expected a whole number, got nothing'],
    ['1,0,Comp1,Comp2,6,Port1,443,11,0,2454,-', ', column 11 (destination bytes): expected a whole number, got "-"'],
  ])('of 2017: %j', (line, reason) => {
    expect(read(`${biflow}\n${line}\n`, { format: 'lanl-2017' }).bad).toEqual([`line 2${reason}`]);
  });
});

describe('lines', () => {
  it('may lack the last line end', () => {
    expect(read(`${good}\n${good}`)).toMatchObject({ rows: 2, lines: 2, badCount: 0 });
  });

  it.each(['', '\n', '\n\n', '\r\n'])('may be none: %j', (text) => {
    expect(read(text)).toMatchObject({ rows: 0, badCount: 0 });
  });

  it('may be empty at the very end and nowhere else', () => {
    expect(read(`${good}\n\n\n`)).toMatchObject({ rows: 1, badCount: 0 });
    const { flows, bad } = read(`\n${good}\n\n\r\n${good}\n`);
    expect(flows.map(({ id }) => id)).toEqual(['2', '5']);
    expect(bad).toEqual([1, 3, 4].map((line) => `line ${line}: expected 9 columns, got an empty line`));
  });

  it('may end in CR LF, which belongs to no column', () => {
    const { flows, bad } = read(`${good}\r\n${good.replace('5323', '9007199254740993')}\r\n${good}\r`);
    expect(bad).toEqual([]);
    expect(flows.map(({ byte_count }) => byte_count)).toEqual(['5323', '9007199254740993', '5323']);
  });

  it('begin with a heading where the first has words for numbers', () => {
    const heading = 'time,duration,source computer,source port,destination computer,destination port,protocol,packet count,byte count';
    expect(read(`${heading}\n${good}\n`)).toMatchObject({ lines: 2, bad: [], flows: [{ id: '2' }] });
    expect(read(`${good}\n${heading}\n`).bad).toEqual(['line 2, column 1 (time): expected a whole number, got "time"']);
    expect(read(`time,0,C1,389,C2,N1,6,10,5323\n`).bad).toHaveLength(1);
  });

  it('that go back in time are taken and counted', () => {
    const at = (time: number) => `${time},0,C1,389,C2,N1,6,1,40\n`;
    expect(read(at(5) + at(5) + at(2) + at(3) + at(1))).toMatchObject({ rows: 5, unordered: 2, badCount: 0 });
  });

  it('fill one batch after the other', () => {
    const count = batchRows * 2 + 5;
    const { flows, rows } = read(`${good}\n`.repeat(count));
    expect(rows).toBe(count);
    expect(flows.every(({ id, byte_count }, i) => id === String(i + 1) && byte_count === '5323')).toBe(true);
  });

  it.each(['x'.repeat(lineLimit + 1), `${'x'.repeat(lineLimit + 1)}\n`])('longer than the limit are refused, skipping or not', (text) => {
    expect(() => read(text)).toThrow(/^line 1 is longer than 1048576 octets/);
    expect(() => read(text, { cuts: [1000, lineLimit - 1] })).toThrow(Problem);
  });
});

describe('any cut of the bytes', () => {
  const line = fc.oneof(
    { weight: 4, arbitrary: fc.constant(good) },
    fc.constantFrom(biflow, '', '\r', 'a,b', '3,-1,C1,389,C2,N1,6,10,5323', `${good}\r`, '1,0,Größe,N1,ジ,N2,6,1,9007199254740993'),
    fc.tuple(fc.nat(200), fc.string({ maxLength: 15 })).map(([time, name]) => `${time},0,${name},389,C2,N1,6,10,5323`),
  );
  it.each<LanlFormat>(['lanl-2015', 'lanl-2015-id', 'lanl-2017'])('gives the same rows: %s', (format) => {
    const property = fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.boolean(),
      fc.array(fc.nat(600), { maxLength: 8 }),
      (lines, ends, at) => {
        const bytes = Buffer.from(lines.join('\n') + (ends ? '\n' : ''));
        const cuts = at.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
        expect(read(bytes, { format, cuts })).toEqual(read(bytes, { format }));
      },
    );
    fc.assert(property, { seed: 58, numRuns: 300 });
  });
});

describe('the quick loop', () => {
  const token = fc.constantFrom(
    '0',
    '1',
    '7',
    '00',
    '65535',
    '65536',
    '255',
    '256',
    '999999999',
    '1000000000',
    'N1',
    'C17684',
    '-1',
    '',
    '"',
    'a b',
    '1\r',
  );
  it.each<LanlFormat>(['lanl-2015', 'lanl-2015-id', 'lanl-2017'])(
    'takes what the careful way takes, with the same values: %s',
    (format) => {
      const fields = lanlFields[format];
      const numbers = fields.map(({ kind }) =>
        kind === 'number' ? fc.nat(300).map(String) : kind === 'port' ? fc.constantFrom('80', 'N5') : fc.constant('C1'),
      );
      const cells = fc.tuple(fc.tuple(...numbers), fc.nat(fields.length - 1), fc.oneof(token, fc.string({ maxLength: 30 })), fc.boolean());
      const property = fc.property(cells, ([row, index, odd, isOdd]) => {
        if (isOdd) row[index] = odd;
        const text = row.join(',').replaceAll('\n', '');
        const careful = new Collector('named', otherBatch);
        const bytes = Buffer.from(text.replace(/\r$/, ''));
        const fault = readLanlLine(fields, bytes, 0, bytes.length, careful.batch);
        if (fault === undefined) careful.batch.count = 1;
        // Behind a good row, so that no heading is seen and an empty line is no end.
        const first = format === 'lanl-2017' ? biflow : format === 'lanl-2015' ? good : `1,${good}`;
        const quick = read(`${first}\n${text}\n${first}\n`, { format });
        expect(quick.rows).toBe(fault === undefined ? 3 : 2);
        const names = format === 'lanl-2017' ? eleven.filter((name) => !name.startsWith('rev')) : nine;
        if (fault === undefined) expect(written(quick.flows.slice(1, 2), names)).toBe(written(careful.rows, names));
      });
      fc.assert(property, { seed: 59, numRuns: 2000 });
    },
  );
});

it('begins anew with texts where there is no more room for them, and with a new batch', () => {
  const name = (row: number, at: number) => `${'abcd'[at]}${String(row).padStart(240, 'x')}`;
  const text = Array.from({ length: 5000 }, (_, row) => `1,0,${name(row, 0)},${name(row, 1)},${name(row, 2)},C1,6,1,46\n`).join('');
  const emit = new Collector('named', batch);
  const counts: number[] = [];
  const tables = new Set<unknown>();
  const counted = {
    get batch() {
      return emit.batch;
    },
    full() {
      counts.push(emit.batch.count);
      tables.add(emit.batch.texts);
      return emit.full();
    },
    moveTo: (make: (number: number) => FlowBatch) => emit.moveTo(make),
  };
  const parser = createLanlParser({ format: 'lanl-2015', emit: counted, badRows: new BadRows() });
  for (let at = 0; at < text.length; at += 100_000) parser.push(Buffer.from(text.slice(at, at + 100_000)));
  parser.end();
  expect(counts.length).toBeGreaterThan(0);
  expect(Math.max(...counts)).toBeLessThan(batchRows);
  expect(tables.size).toBe(counts.length);
  expect(written(emit.rows, nine) === text).toBe(true);
});

it('brings made-up rows back octet for octet', () => {
  const bytes = Buffer.concat([...lanlRows({ rows: 30_000 })]);
  const { flows, bad, unordered } = read(bytes, { cuts: [100_000, 500_001] });
  expect([bad, unordered]).toEqual([[], 0]);
  expect(written(flows, nine) === bytes.toString()).toBe(true);
});

const data = process.env.WEIR_TEST_DATA;
const needsData = '[needs WEIR_TEST_DATA: the folder with reference captures]';
const file = (name: string): Buffer => readFileSync(join(data as string, 'lanl', name));

test.skipIf(!data)(`brings real rows back octet for octet ${needsData}`, () => {
  const flows = file('cyber1-flows-real.txt');
  expect(written(read(flows, { skipBad: false }).flows, nine)).toBe(flows.toString());
  const unified = file('unified-netflow-real.txt');
  expect(written(read(unified, { format: 'lanl-2017', skipBad: false }).flows, eleven)).toBe(unified.toString());
});

test.skipIf(!data)(`brings synthetic rows back octet for octet ${needsData}`, () => {
  const flows = gunzipSync(file('synthetic-200k.txt.gz'));
  expect(written(read(flows, { skipBad: false }).flows, nine) === flows.toString()).toBe(true);
  const unified = gunzipSync(file('synthetic-unified-20k.txt.gz'));
  expect(written(read(unified, { format: 'lanl-2017', skipBad: false }).flows, eleven) === unified.toString()).toBe(true);
});

test.skipIf(!data)(`tells the lines of hostile rows ${needsData}`, () => {
  const { flows, bad, lines, unordered } = read(file('hostile-rows.txt'));
  expect(flows.map(({ id }) => id)).toEqual(['1', '10', '11', '13', '16']);
  expect(flows[1]).toMatchObject({ byte_count: '9007199254740993' });
  expect([lines, unordered]).toEqual([16, 1]);
  expect(bad.map((reason) => Number(/^line (\d+)/.exec(reason)?.[1]))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15]);
});
