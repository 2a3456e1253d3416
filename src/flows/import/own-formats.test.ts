import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../core/problem.ts';
import { FlowBatch } from '../batch.ts';
import type { Shape } from '../schema.ts';
import { columns, publishedColumns } from '../schema.ts';
import { Collector } from './collect.ts';
import { createCsvParser } from './csv.ts';
import { splitCsv } from './csv-line.ts';
import { createJsonParser } from './json-array.ts';
import { lineLimit } from './limits.ts';
import { createNdjsonParser } from './ndjson.ts';
import { BadRows } from './rows.ts';

const makers = { csv: createCsvParser, ndjson: createNdjsonParser, json: createJsonParser };
/** Used again in each case: to make one takes longer than most cases. */
const batches = { named: new FlowBatch('named'), addressed: new FlowBatch('addressed') };

type Given = { skipBad?: number | boolean; cuts?: readonly number[] };

const read = (format: keyof typeof makers, text: string | Uint8Array, { skipBad = true, cuts = [] }: Given = {}) => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  let emit: Collector | undefined;
  const open = (shape: Shape) => {
    expect(emit).toBeUndefined();
    emit = new Collector(shape, batches[shape]);
    return emit;
  };
  const badRows = new BadRows(skipBad);
  const parser = makers[format]({ open, badRows });
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A Buffer, as a file is read into: its memory is used again, and its `slice` copies nothing.
    const chunk = Buffer.from(bytes.subarray(at, cut));
    parser.push(chunk);
    chunk.fill(0x7d);
    at = cut;
  }
  parser.end();
  const { lines, rows, unordered } = parser;
  return { shape: emit?.batch.shape, flows: emit?.rows ?? [], lines, rows, unordered, bad: badRows.kept.map(({ reason }) => reason) };
};

type Values = Record<string, string | null>;
const named: Values = {
  id: '77',
  time: '1',
  duration: '0',
  src_comp: 'C1',
  src_port: '389',
  dst_comp: 'C2',
  dst_port: 'N1',
  protocol: '6',
  packet_count: '10',
  byte_count: '18446744073709551615',
};
const addressed: Values = { ...named, src_comp: '192.0.2.1', dst_comp: '2001:db8::1', dst_port: '40000', protocol: '17' };

const csvCell = (value: string | null): string => (value === null ? '' : /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const asCsv = (rows: Values[]): string =>
  [Object.keys(rows[0] as Values), ...rows.map(Object.values)].map((row) => `${row.map(csvCell).join(',')}\n`).join('');
/** As the encoder writes it: numbers bare, with all digits. */
const asJson = (row: Values): string =>
  `{${Object.entries(row)
    .map(([name, value]) => `"${name}":${value === null ? 'null' : isText(name) ? JSON.stringify(value) : value}`)
    .join(',')}}`;
const isText = (name: string): boolean => /VARCHAR|TIMESTAMP/.test(columns.find((column) => column.name === name)?.type ?? '');
const asNdjson = (rows: Values[]): string => rows.map((row) => `${asJson(row)}\n`).join('');
const asArray = (rows: Values[]): string => `[\n${rows.map(asJson).join(',\n')}\n]\n`;
const writers = { csv: asCsv, ndjson: asNdjson, json: asArray };

describe.each(['csv', 'ndjson', 'json'] as const)('%s', (format) => {
  const write = writers[format];

  it('brings rows of names back, with ordinals for ids', () => {
    const { shape, flows, bad } = read(format, write([named, { ...named, time: '2', src_comp: 'a, "b" <Größe>' }]));
    expect([shape, bad]).toEqual(['named', []]);
    expect(flows).toEqual([
      { ...named, id: '1' },
      { ...named, id: '2', time: '2', src_comp: 'a, "b" <Größe>' },
    ]);
  });

  it('works out addresses and ports from their text', () => {
    const { shape, flows } = read(format, write([addressed, { ...addressed, protocol: '1', src_port: '0', dst_port: '2048' }]));
    expect(shape).toBe('addressed');
    const halves = { src_addr_hi: '0', src_addr_lo: '281473902969345', dst_addr_hi: '2306139568115548160', dst_addr_lo: '1' };
    expect(flows[0]).toEqual({ ...addressed, ...halves, id: '1', ip_version: '6', src_port_num: '389', dst_port_num: '40000' });
    expect(flows[1]).toEqual({ ...addressed, ...halves, id: '2', ip_version: '6', protocol: '1', src_port: '0', dst_port: '2048' });
  });

  it('restores every column of the schema, and NULL as NULL', () => {
    const full: Values = { ...addressed };
    const back: Record<string, string> = { ...(addressed as Record<string, string>), id: '1' };
    for (const [i, { name, type }] of columns.entries()) {
      if (publishedColumns.includes(name as never)) continue;
      const value = type === 'VARCHAR' ? '192.0.2.254' : type.startsWith('TIMESTAMP') ? '2015-01-31T23:59:59.123456789Z' : String(i);
      full[name] = value;
      if (name !== 'source_id' && name !== 'ingested_at') back[name] = type === 'TIMESTAMP_NS' ? '1422748799123456789' : value;
    }
    const empty = Object.fromEntries(
      Object.entries(full).map(([name, value]) => [name, publishedColumns.includes(name as never) ? value : null]),
    );
    const { flows, bad } = read(format, write([full, empty, full]));
    expect(bad).toEqual([]);
    expect(flows).toEqual([back, { ...addressed, id: '2' }, { ...back, id: '3' }]);
  });

  it('takes the columns in any order', () => {
    const turned = Object.fromEntries(Object.entries(named).reverse());
    expect(read(format, write([turned])).flows).toEqual([{ ...named, id: '1' }]);
  });

  it('leaves nothing of a refused row in the next one', () => {
    const start = { ...named, start_time: '2015-01-31T00:00:00Z', rev_packet_count: '5', rev_byte_count: '300' };
    const none = { ...start, start_time: null, rev_packet_count: null };
    const { flows, bad } = read(format, write([start, { ...start, rev_byte_count: '-1' }, none]));
    expect(bad).toHaveLength(1);
    expect(flows[1]).toEqual({ ...named, id: '3', rev_byte_count: '300' });
  });

  it.each<[keyof typeof named, string | null, string]>([
    ['time', '-1', 'a whole number, got "-1"'],
    ['time', null, 'a value, got nothing'],
    ['duration', '253402300800', 'a whole number of 0 to 253402300799, got "253402300800"'],
    ['src_comp', '', 'a value, got nothing'],
    ['src_comp', 'n'.repeat(256), `text of at most 255 octets, got "${'n'.repeat(80)}…"`],
    ['src_comp', 'C\u0007', 'text without control characters, got "C\\u0007"'],
    ['src_port', '65536', 'a port of 0 to 65535 or a token such as N10451, got "65536"'],
    ['dst_port', '080', 'a port of 0 to 65535 or a token such as N10451, got "080"'],
    ['protocol', '256', 'a whole number of 0 to 255, got "256"'],
    ['packet_count', '1.5', 'a whole number, got "1.5"'],
    ['byte_count', '18446744073709551616', 'a whole number of 0 to 18446744073709551615, got "18446744073709551616"'],
    ['id', '9223372036854775808', 'a whole number of 0 to 9223372036854775807, got "9223372036854775808"'],
  ])('refuses %s %j', (name, value, reason) => {
    const { flows, bad } = read(format, write([named, { ...named, [name]: value }, named]));
    const column = publishedColumns.indexOf(name as never) + 1;
    const place = format === 'csv' ? `line 3, column ${column} (${name})` : `${format === 'json' ? 'element' : 'line'} 2, ${name}`;
    expect(bad).toEqual([`${place}: expected ${reason}`]);
    expect(flows.map(({ id }) => id)).toEqual(['1', '3']);
  });

  it.each([
    ['2015-02-29T00:00:00Z', false],
    ['2015-02-28T24:00:00Z', false],
    ['2015-02-28T00:00:00+01:00', false],
    ['1677-12-31T00:00:00Z', false],
    ['2262-01-01T00:00:00Z', false],
    ['1422748799', false],
    ['2015-02-28 23:59:59.1', true],
    ['1969-12-31T23:59:59.999999999Z', true],
    ['2261-12-31T23:59:59.999999999Z', true],
  ])('takes the time %s: %s', (start_time, isGood) => {
    const { flows, bad } = read(format, write([{ ...named, start_time }]));
    expect(bad).toHaveLength(isGood ? 0 : 1);
    if (isGood)
      expect(flows[0]?.start_time).toBe(
        String(
          BigInt(Date.parse(`${start_time.slice(0, 19).replace(' ', 'T')}Z`)) * 1_000_000n +
            BigInt((start_time.slice(20).replace('Z', '') || '0').padEnd(9, '0')),
        ),
      );
  });

  it('reads the same rows from any cut of the bytes', () => {
    const value = fc.constantFrom('1', '-', '"', '\\', ',', '{', '}]', 'C1', '18446744073709551615', 'ü', '\u2028');
    const row = fc.tuple(fc.constantFrom(...publishedColumns), value).map(([name, odd]) => ({ ...named, [name]: odd }));
    const property = fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(900), { maxLength: 8 }), (rows, at) => {
      // For JSON only texts can hold such values.
      const bytes = Buffer.from(
        format === 'csv' ? write(rows) : write([named, ...rows.map((r) => ({ ...named, dst_comp: r.dst_comp ?? '' }))]),
      );
      const cuts = at.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
      expect(read(format, bytes, { cuts })).toEqual(read(format, bytes));
    });
    fc.assert(property, { seed: 60, numRuns: 200 });
  });

  it('by default ends at the first bad row', () => {
    expect(() => read(format, write([named, { ...named, protocol: '300' }]), { skipBad: false })).toThrow(
      /expected a whole number of 0 to 255/,
    );
  });

  it('of no rows opens no batch', () => {
    expect(read(format, '')).toMatchObject({ shape: undefined, rows: 0, lines: 0 });
  });
});

describe('splitCsv', () => {
  it.each<[string, string[] | string]>([
    ['a,b', ['a', 'b']],
    ['a,', ['a', '']],
    ['"a,b","c""d",', ['a,b', 'c"d', '']],
    ['"",""', ['', '']],
    ['""""', ['"']],
    ['"a', 'a closing quote on the same line'],
    ['"a"b,c', 'a comma behind a closing quote'],
    ['a"b,c', 'quotes around a whole value, doubled inside'],
  ])('%j', (line, cells) => {
    expect(splitCsv(line)).toEqual(cells);
  });
});

describe('csv', () => {
  const heading = publishedColumns.join(',');

  it('refuses a heading that does not fit, skipping or not', () => {
    expect(() => read('csv', `${heading},bytes\n`)).toThrow(
      'line 1: expected a heading with names of columns; no column of a flow is called "bytes"',
    );
    expect(() => read('csv', `${heading},tcp_flag\n`)).toThrow('no column of a flow is called "tcp_flag" (tcp_flags?)');
    expect(() => read('csv', `${heading},time\n`)).toThrow('the column time stands here twice');
    expect(() => read('csv', 'id,time\n')).toThrow(
      'the columns duration, src_comp, src_port, dst_comp, dst_port, protocol, packet_count, byte_count are missing',
    );
    expect(() => read('csv', '"id\n')).toThrow('expected a closing quote on the same line');
  });

  it('refuses rows of other widths, open quotes, empty lines and what is not UTF-8', () => {
    const row = Object.values(named).join(',');
    const { bad, flows } = read('csv', Buffer.from(`${heading}\n${row},1\n"${row}\n\n\xff${row}\n${row}\r\n`, 'latin1'));
    expect(bad.map((reason) => reason.replace(/, got .*/, ''))).toEqual([
      'line 2: expected 10 columns',
      'line 3: expected a closing quote on the same line',
      'line 4: expected a row',
      'line 5: expected text in UTF-8',
    ]);
    expect(flows.map(({ id }) => id)).toEqual(['5']);
  });

  it('keeps a name among addresses and refuses columns that rows of names lack', () => {
    const mixed = read('csv', asCsv([addressed, named]));
    expect([mixed.shape, mixed.flows[1]]).toEqual(['addressed', { ...named, id: '2', src_port_num: '389' }]);
  });
});

describe('ndjson', () => {
  it('takes keys that come and go, and large numbers as texts', () => {
    const rows = [asJson(named), asJson({ ...named, rev_packet_count: '3' }), JSON.stringify(named), asJson({ ...named, tcp_flags: null })];
    const { flows, bad } = read('ndjson', rows.join('\n'));
    expect(bad).toEqual([]);
    expect(flows.map(({ rev_packet_count, byte_count }) => [rev_packet_count, byte_count])).toEqual(
      [undefined, '3', undefined, undefined].map((back) => [back, '18446744073709551615']),
    );
  });

  it.each([
    ['[1]', 'line 2: expected a JSON object, got "[1]"'],
    ['{"id":1', 'line 2: expected a JSON object, got "{\\"id\\":1"'],
    ['[['.repeat(50_000), `line 2: expected a JSON object, got "${'['.repeat(80)}…"`],
    ['{"error":"broke off"}', 'line 2: expected the columns of a flow, got no column of a flow is called "error"'],
    ['{"id":1}', /^line 2: expected the columns of a flow, got the columns time, .* are missing$/],
    [asJson(named).replace('"C1"', '["C1"]'), 'line 2, src_comp: expected a number, a text or null, got "[\\"C1\\"]"'],
    [asJson(named).replace('"C1"', 'true'), 'line 2, src_comp: expected a number, a text or null, got "true"'],
    [asJson({ ...named, protocol: '1e400' }), 'line 2, protocol: expected a whole number, got "1e400"'],
    [
      asJson({ ...named, tcp_flags: '2' }),
      'line 2, tcp_flags: expected no value, since the first row named a computer and no address, got "2"',
    ],
    [`{"a":${'{"a":'.repeat(100_000)}1234567890123456${'}'.repeat(100_001)}`, /^line 2: expected a JSON object/],
  ])('refuses %.40j', (line, reason) => {
    const { bad, flows } = read('ndjson', `${asJson(named)}\n${line}\n${asJson(named)}\n`);
    expect(bad).toHaveLength(1);
    expect(bad[0]).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
    expect(flows).toHaveLength(2);
  });
});

describe('a JSON array', () => {
  it.each(['[]', ' [ ] \n'])('may be empty: %j', (text) => {
    expect(read('json', text)).toMatchObject({ rows: 0, lines: 0 });
  });

  it.each([
    ['{}', 'octet 0, behind element 0: expected "[", the beginning of an array, got "{"'],
    ['[1]', 'octet 1, behind element 0: expected "{" or "]", got "1"'],
    [`[${asJson(named)}}`, 'behind element 1: expected "," or "]", got "}"'],
    [`[${asJson(named)},]`, 'behind element 1: expected "{", got "]"'],
    [`[${asJson(named)}`, 'behind element 1: expected "," or "]", got the end of the file'],
    [`[${asJson(named)},{"id":`, 'behind element 1: expected the end of an object, got the end of the file'],
    [`[${asJson(named)}]x`, 'behind element 1: expected nothing behind the array, got "x"'],
    [`[{"id":"${'x'.repeat(lineLimit)}"}]`, 'element 1: expected an object of at most 1048576 octets, and at octet 1 it has no end'],
  ])('that is broken ends the import, skipping or not: %.40s', (text, message) => {
    expect(() => read('json', text)).toThrow(message);
    expect(() => read('json', text, { cuts: [0, 1, 2].map((i) => Math.min(i, text.length)) })).toThrow(Problem);
  });

  it('skips an element that is no flow', () => {
    const { bad, flows } = read('json', `[${asJson(named)},{"a":"}]\\"{"},{a},${asJson(named)}]`);
    expect(bad).toEqual([
      'element 2: expected the columns of a flow, got no column of a flow is called "a"',
      'element 3: expected a JSON object, got "{a}"',
    ]);
    expect(flows.map(({ id }) => id)).toEqual(['1', '4']);
  });
});
