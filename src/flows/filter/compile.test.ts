import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Address, formatAddress, type Prefix, parseAddress, parsePrefix } from '../../core/address-parse.ts';
import { type ColumnName, columns } from '../schema.ts';
import { allOf, anyOf, type Filter, type NumberTest, type Primitive, type Range, type Side, type Value } from './ast.ts';
import { fields, type NumberField, numberFieldOf } from './fields.ts';
import { compileFilter, formatFilter, parseFilter, timeBounds } from './index.ts';

describe('a filter becomes SQL with one parameter for each value', () => {
  const inner = '(ip_version = ?::UTINYINT)';
  test.each<[string, string, unknown[]]>([
    ['any', 'TRUE', []],
    ['not any', 'FALSE', []],
    ['tcp', '(protocol = ?::UTINYINT)', [6n]],
    ['not tcp', '(NOT (protocol = ?::UTINYINT))', [6n]],
    ['not not tcp', '(protocol = ?::UTINYINT)', [6n]],
    ['ipv4', inner, [4n]],
    ['not ipv4', `(${inner} IS NOT TRUE)`, [4n]],
    ['src port 80', '(src_port_num = ?::USMALLINT)', [80n]],
    ['port 80', '((src_port_num = ?::USMALLINT) OR (dst_port_num = ?::USMALLINT))', [80n, 80n]],
    ['src and dst port 80', '((src_port_num = ?::USMALLINT) AND (dst_port_num = ?::USMALLINT))', [80n, 80n]],
    ['src port != 80', '((src_port_num = ?::USMALLINT) IS NOT TRUE)', [80n]],
    ['dst port > 1023', '(dst_port_num > ?::USMALLINT)', [1023n]],
    ['dst port 6000-6063', '(dst_port_num BETWEEN ?::USMALLINT AND ?::USMALLINT)', [6000n, 6063n]],
    ['dst port in [80 443]', '(dst_port_num IN (?::USMALLINT, ?::USMALLINT))', [80n, 443n]],
    ['dst port N10451', '(dst_port = ?::VARCHAR)', ['N10451']],
    ['dst port in [80 N1]', '((dst_port_num = ?::USMALLINT) OR (dst_port = ?::VARCHAR))', [80n, 'N1']],
    ['src C1423', '(src_comp = ?::VARCHAR)', ['C1423']],
    ['src host "\'; DROP TABLE flows; --"', '(src_comp = ?::VARCHAR)', ["'; DROP TABLE flows; --"]],
    ['not host C1', '(NOT ((src_comp = ?::VARCHAR) OR (dst_comp = ?::VARCHAR)))', ['C1', 'C1']],
    ['src 192.0.2.1', `((src_addr_lo = ?::UBIGINT) AND (src_addr_hi = ?::UBIGINT) AND ${inner})`, [0xffffc0000201n, 0n, 4]],
    ['dst ::1', `((dst_addr_lo = ?::UBIGINT) AND (dst_addr_hi = ?::UBIGINT) AND ${inner})`, [1n, 0n, 6]],
    [
      'src host in [::1 2001:db8::1]',
      `(((src_addr_hi, src_addr_lo) IN ((?::UBIGINT, ?::UBIGINT), (?::UBIGINT, ?::UBIGINT))) AND ${inner})`,
      [0n, 1n, 0x20010db800000000n, 1n, 6],
    ],
    [
      'src net 10/8',
      `((src_addr_lo BETWEEN ?::UBIGINT AND ?::UBIGINT) AND (src_addr_hi = ?::UBIGINT) AND ${inner})`,
      [0xffff0a000000n, 0xffff0affffffn, 0n, 4],
    ],
    ['src net 0.0.0.0/0', inner, [4]],
    [
      'src net 2001:db8::/32',
      `((src_addr_hi BETWEEN ?::UBIGINT AND ?::UBIGINT) AND ${inner})`,
      [0x20010db800000000n, 0x20010db8ffffffffn, 6],
    ],
    ['src net 2001:db8::/64', `((src_addr_hi = ?::UBIGINT) AND ${inner})`, [0x20010db800000000n, 6]],
    ['exporter 2001:DB8::1', '(exporter = ?::VARCHAR)', ['2001:db8::1']],
    ['next-hop in [192.0.2.1 192.0.2.2]', '(next_hop IN (?::VARCHAR, ?::VARCHAR))', ['192.0.2.1', '192.0.2.2']],
    ['packets > 10', '((packet_count::HUGEINT + coalesce(rev_packet_count, 0)) > ?::HUGEINT)', [10n]],
    ['src bytes > 10', '(byte_count > ?::UBIGINT)', [10n]],
    ['rev bytes = 0', '(rev_byte_count = ?::UBIGINT)', [0n]],
    ['duration >= 5', '(duration >= ?::BIGINT)', [5n]],
    ['duration < 5', '(duration < ?::BIGINT)', [5n]],
    ['duration = 5', '(duration = ?::BIGINT)', [5n]],
    ['vlan 10', '((vlan_id = ?::USMALLINT) OR (vlan_inner_id = ?::USMALLINT))', [10n, 10n]],
    ['tunnel any', '(tunnel_type IS NOT NULL)', []],
    ['src flags S', '((tcp_flags & ?::USMALLINT) = ?::USMALLINT)', [2, 2]],
    ['src flags = SA', '(tcp_flags = ?::USMALLINT)', [18]],
    ['marked truncated', '((flags & ?::UINTEGER) <> 0::UINTEGER)', [1]],
    ['rtt > 1ms', '(rtt_us > ?::UINTEGER)', [1000n]],
    ['after 5', '(time > ?::BIGINT)', [5n]],
    ['before 5', '(time <= ?::BIGINT)', [5n]],
    ['not (tcp and id 1)', '((NOT (protocol = ?::UTINYINT)) OR (NOT (id = ?::BIGINT)))', [6n, 1n]],
    ['not (tcp or icmp-type 8)', '((NOT (protocol = ?::UTINYINT)) AND ((icmp_type = ?::UTINYINT) IS NOT TRUE))', [6n, 8n]],
  ])('%s', (text, sql, params) => {
    expect(compileFilter(parseFilter(text))).toEqual({ sql, params });
  });
});

test.each<[string, bigint | null, bigint | null]>([
  ['any', null, null],
  ['tcp', null, null],
  ['after 5', 6n, null],
  ['before 5', null, 5n],
  ['after 5 and before 9 and tcp', 6n, 9n],
  ['time in [3 7..9 5]', 3n, 9n],
  ['time < 9 and time >= 2', 2n, 8n],
  ['after 5 or tcp', null, null],
  ['(after 5 and before 9) or time 100', 6n, 100n],
  ['not before 5', 6n, null],
  ['not (time < 5 or time > 9)', 5n, 9n],
  ['not time 5', null, null],
  ['time 5 or not any', 5n, 5n],
])('timeBounds of %s', (text, min, max) => {
  expect(timeBounds(parseFilter(text))).toEqual({ min, max });
});

test('bounds that exclude each other leave nothing', () => {
  const { min, max } = timeBounds(parseFilter('after 9 and before 5'));
  expect(min! > max!).toBe(true);
});

/** A flow of the model: a column that is left out is NULL. */
type Row = Partial<Record<ColumnName, string | number | bigint>>;

const version = (address: Address, side: 'src' | 'dst'): Row =>
  side === 'src' ? { src_addr_hi: address.hi, src_addr_lo: address.lo } : { dst_addr_hi: address.hi, dst_addr_lo: address.lo };

const pool = ['192.0.2.1', '10.0.0.1', '10.9.9.9', '::1', '2001:db8::1', '2001:db8::ffff:0:1', '2001:db8:1::2', '::ffff:10.0.0.1'].map(
  (text) => parseAddress(text)!,
);
const netPool = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.0.0/31',
  '192.0.2.1/32',
  '::/0',
  '2001:db8::/32',
  '2001:db8::/64',
  '2001:db8::/96',
  '::1/128',
  '::ffff:0:0/96',
  '128.0.0.0/1',
].map((text) => parsePrefix(text)!);
const namePool = ['C1423', 'ActiveDirectory', "O'Neil; --", '10.0.0.1'];
const tokenPool = ['N10451', 'Port03657', '80'];

/** Values that meet each other: the same few stand in rows and in filters. */
const small = [0n, 1n, 2n, 5n, 6n, 16n, 18n, 80n, 255n];

const addressOf = (version: number) => fc.constantFrom(...pool.filter((address) => address.version === version));
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });

const common = {
  time: fc.constantFrom(0n, 1n, 5n, 1488326400n, -3n),
  duration: fc.constantFrom(0n, 1n, 5n),
  protocol: fc.constantFrom(1n, 6n, 17n, 58n),
  packet_count: fc.constantFrom(...small, (1n << 64n) - 1n),
  byte_count: fc.constantFrom(...small, (1n << 64n) - 1n),
  rev_packet_count: nullable(fc.constantFrom(...small, (1n << 64n) - 1n)),
  rev_byte_count: nullable(fc.constantFrom(...small, (1n << 64n) - 1n)),
  source_id: fc.constantFrom(1n, 2n),
};

const namedRow: fc.Arbitrary<Row> = fc.record({
  ...common,
  src_comp: fc.constantFrom(...namePool),
  dst_comp: fc.constantFrom(...namePool),
  src_port: fc.constantFrom(...tokenPool),
  dst_port: fc.constantFrom(...tokenPool),
});

const optionalColumns = columns
  .slice(16)
  .filter(({ name, type }) => type !== 'VARCHAR' && type !== 'TIMESTAMP_NS' && !/addr|ip_version/.test(name));
const optionalCells = Object.fromEntries(
  optionalColumns.map(({ name, type }) => [name, nullable(fc.constantFrom(...small.filter((n) => type !== 'UTINYINT' || n < 256n)))]),
);

const addressedRow: fc.Arbitrary<Row> = fc
  .record({
    row: fc.record({
      ...common,
      ...optionalCells,
      exporter: nullable(fc.constantFrom('192.0.2.1', '2001:db8::1')),
      next_hop: nullable(fc.constantFrom('192.0.2.1')),
    }),
    ends: fc.constantFrom(4, 6).chain((version) => fc.tuple(addressOf(version), addressOf(version))),
    nanoseconds: nullable(fc.constantFrom(0n, 250_000_000n, 999_999_999n)),
  })
  .map(({ row, ends: [src, dst], nanoseconds }) => ({
    ...(row as Row),
    ...version(src, 'src'),
    ...version(dst, 'dst'),
    ip_version: src.version,
    src_comp: formatAddress(src),
    dst_comp: formatAddress(dst),
    src_port: String((row as Row).src_port_num ?? 0),
    dst_port: String((row as Row).dst_port_num ?? 0),
    ...(nanoseconds !== undefined && { start_time: 0n, end_time: BigInt(row.duration as bigint) * 1_000_000_000n + nanoseconds }),
  }));

/** What a filter means, told a second time and without SQL. */
const holds = (filter: Filter, row: Row): boolean => {
  switch (filter.kind) {
    case 'any':
      return true;
    case 'not':
      return !holds(filter.item, row);
    case 'and':
      return filter.items.every((item) => holds(item, row));
    case 'or':
      return filter.items.some((item) => holds(item, row));
    default:
      return answers(filter, row);
  }
};

const passes = (value: Value | undefined, test: NumberTest): boolean => {
  if (value === undefined) return false;
  if (test.op === 'any') return true;
  if (test.op === 'in') return test.ranges.some(({ from, to }) => from <= value && value <= to);
  return { '<': value < test.value, '<=': value <= test.value, '>': value > test.value, '>=': value >= test.value }[test.op];
};

const big = (row: Row, name: ColumnName): bigint | undefined => (row[name] === undefined ? undefined : BigInt(row[name]));
const total = (row: Row, forward: ColumnName, reverse: ColumnName): bigint => big(row, forward)! + (big(row, reverse) ?? 0n);
const nanosecondsOf = (row: Row): bigint =>
  row.end_time === undefined ? big(row, 'duration')! * 1_000_000_000n : big(row, 'end_time')! - big(row, 'start_time')!;
const over = (count: bigint, factor: number, by: bigint): number => (by === 0n ? 0 : (Number(count) * factor) / Number(by));

const derived: Record<string, (row: Row) => Value> = {
  packets: (row) => total(row, 'packet_count', 'rev_packet_count'),
  bytes: (row) => total(row, 'byte_count', 'rev_byte_count'),
  duration: nanosecondsOf,
  bps: (row) => over(total(row, 'byte_count', 'rev_byte_count'), 8e9, nanosecondsOf(row)),
  pps: (row) => over(total(row, 'packet_count', 'rev_packet_count'), 1e9, nanosecondsOf(row)),
  bpp: (row) => over(total(row, 'byte_count', 'rev_byte_count'), 1, total(row, 'packet_count', 'rev_packet_count')),
};

const sideOf = (side: Side, one: string, other: string, ask: (side: string) => boolean): boolean => {
  if (side === 'either') return ask(one) || ask(other);
  if (side === 'both') return ask(one) && ask(other);
  return ask(side);
};

const answers = (primitive: Primitive, row: Row): boolean => {
  switch (primitive.kind) {
    case 'number': {
      const field = numberFieldOf(primitive.field);
      // `duration = 5` asks for the seconds that people see.
      if (primitive.field === 'duration' && primitive.test.op === 'in') {
        return primitive.test.ranges.some(({ from, to }) => {
          const seconds = from === to && BigInt(from) % 1_000_000_000n === 0n;
          return passes(seconds ? big(row, 'duration')! * 1_000_000_000n : nanosecondsOf(row), { op: 'in', ranges: [{ from, to }] });
        });
      }
      const ask = derived[primitive.field];
      if (ask !== undefined && primitive.side === 'either') return passes(ask(row), primitive.test);
      if (primitive.side === 'either') return field.operands.some((operand) => passes(big(row, operand.sql as ColumnName), primitive.test));
      const asked = primitive.side === 'both' ? field.sides : [primitive.side];
      return asked.every((side) => passes(big(row, field.bySide[side]!.sql as ColumnName), primitive.test));
    }
    case 'port':
      return sideOf(
        primitive.side,
        'src',
        'dst',
        (side) =>
          passes(big(row, `${side}_port_num` as ColumnName), primitive.test) ||
          primitive.tokens.includes(row[`${side}_port` as ColumnName] as string),
      );
    case 'host':
      return sideOf(
        primitive.side,
        'src',
        'dst',
        (side) =>
          primitive.names.includes(row[`${side}_comp` as ColumnName] as string) ||
          primitive.addresses.some((address) => isInside(row, side, address.version, bitsOf(address), bitsOf(address))),
      );
    case 'net':
      return sideOf(primitive.side, 'src', 'dst', (side) =>
        primitive.prefixes.some(({ version, first, last }) => isInside(row, side, version, bitsOf(first), bitsOf(last))),
      );
    case 'router': {
      const router = row[primitive.field === 'exporter' ? 'exporter' : 'next_hop'];
      return primitive.addresses.some((address) => formatAddress(address) === router);
    }
    case 'flags': {
      const [forward, reverse] = [row.tcp_flags, row.rev_tcp_flags].map((flags) => (flags === undefined ? undefined : Number(flags)));
      const matches = (flags: number | undefined) =>
        flags !== undefined && (primitive.isExact ? flags === primitive.mask : (flags & primitive.mask) === primitive.mask);
      if (primitive.side === 'either')
        return matches(forward === undefined && reverse === undefined ? undefined : (forward ?? 0) | (reverse ?? 0));
      return sideOf(primitive.side, 'src', 'rev', (side) => matches(side === 'src' ? forward : reverse));
    }
    case 'mark':
      return (Number(row.flags ?? 0) & primitive.bit) !== 0;
  }
};

const bitsOf = ({ hi, lo }: { hi: bigint; lo: bigint }): bigint => (hi << 64n) | lo;
const isInside = (row: Row, side: string, ipVersion: number, first: bigint, last: bigint): boolean => {
  const hi = big(row, `${side}_addr_hi` as ColumnName);
  if (hi === undefined || Number(row.ip_version) !== ipVersion) return false;
  const bits = (hi << 64n) | big(row, `${side}_addr_lo` as ColumnName)!;
  return first <= bits && bits <= last;
};

const rateFields = new Set(['bps', 'pps', 'bpp']);

const valueFor = (field: NumberField): fc.Arbitrary<Value> => {
  const word = field.words[0];
  if (word === 'duration') return fc.constantFrom(0n, 250_000_000n, 1_000_000_000n, 1_250_000_000n, 5_000_000_000n, 5_999_999_999n);
  if (word === 'time') return fc.constantFrom(0n, 1n, 5n, 1488326400n, -3n);
  if (rateFields.has(word)) return fc.constantFrom(0, 0.5, 1, 8, 16, 80, 640, 1e9);
  return fc.constantFrom(...small);
};

const rangeOf = (field: NumberField): fc.Arbitrary<Range> =>
  fc
    .tuple(valueFor(field), valueFor(field), fc.boolean())
    .map(([a, b, isSingle]) => (isSingle ? { from: a, to: a } : a <= b ? { from: a, to: b } : { from: b, to: a }));

const testOf = (field: NumberField): fc.Arbitrary<NumberTest> =>
  fc.oneof(
    fc.record({ op: fc.constantFrom('<', '<=', '>', '>='), value: valueFor(field) }) as fc.Arbitrary<NumberTest>,
    fc.record({ op: fc.constant('in' as const), ranges: fc.array(rangeOf(field), { minLength: 1, maxLength: 4 }) }),
    ...(field.kind === 'number' && field.operands.every((operand) => operand.isNullable) ? [fc.constant({ op: 'any' } as const)] : []),
  );

const sidesOf = (sides: readonly Side[]): fc.Arbitrary<Side> =>
  fc.constantFrom<Side>('either', ...(sides.length === 2 ? (['both', ...sides] as const) : []));
const twoSides = sidesOf(['src', 'dst']);

const numberPrimitive = fc.constantFrom(...fields.filter((field) => field.kind === 'number')).chain((field) =>
  fc.record<Primitive>({
    kind: fc.constant('number'),
    field: fc.constant(field.words[0]),
    side: sidesOf(field.sides),
    test: testOf(field as NumberField),
  }),
);

const manyPrefixes = fc.subarray<Prefix>(
  [
    ...netPool,
    ...Array.from({ length: 20 }, (_, n) => parsePrefix(n % 2 ? `2001:db8::ffff:${n >> 2}:0/112` : `10.0.0.${n}/32`)!),
    parsePrefix('2001:db8:1::/48')!,
    parsePrefix('2001:db8:2::/48')!,
  ],
  { minLength: 1 },
);

const primitive = fc.oneof(
  fc.constant<Filter>({ kind: 'any' }),
  numberPrimitive,
  fc
    .record({ kind: fc.constant('port' as const), side: twoSides, test: testOf(numberFieldOf('port')), tokens: fc.subarray(tokenPool) })
    .map((port) => (port.test.op === 'in' ? port : { ...port, tokens: [] })),
  fc
    .record({ kind: fc.constant('host' as const), side: twoSides, addresses: fc.subarray(pool), names: fc.subarray(namePool) })
    .filter(({ addresses, names }) => addresses.length + names.length > 0),
  fc.record({
    kind: fc.constant('net' as const),
    side: twoSides,
    prefixes: fc.oneof(fc.subarray(netPool, { minLength: 1, maxLength: 3 }), manyPrefixes),
  }),
  fc.record({
    kind: fc.constant('router' as const),
    field: fc.constantFrom('exporter' as const, 'next-hop' as const),
    addresses: fc.subarray(pool, { minLength: 1 }),
  }),
  fc
    .record({
      kind: fc.constant('flags' as const),
      side: sidesOf(['src', 'rev']),
      mask: fc.constantFrom(0, 1, 2, 16, 18, 80, 255),
      isExact: fc.boolean(),
    })
    .map((flags) => (flags.mask === 0 ? { ...flags, isExact: true } : flags)),
  fc.record({ kind: fc.constant('mark' as const), bit: fc.constantFrom(1, 2, 4, 8, 16, 32) }),
);

const { filter: anyFilter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    { weight: 3, arbitrary: primitive as fc.Arbitrary<Filter> },
    { weight: 1, arbitrary: tie('filter').map((item): Filter => ({ kind: 'not', item })) },
    { weight: 1, arbitrary: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map(allOf) },
    { weight: 1, arbitrary: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map(anyOf) },
  ),
}));

test('the canonical text of any tree is that tree', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(parseFilter(formatFilter(filter))).toEqual(filter);
    }),
    { seed: 42, numRuns: 3000 },
  );
});

describe('in DuckDB', () => {
  let connection: DuckDBConnection;
  let rows: Row[];

  beforeAll(async () => {
    connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await connection.run(
      `CREATE TABLE flows (${columns.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`).join(', ')})`,
    );
    const sample = [...fc.sample(addressedRow, { seed: 42, numRuns: 150 }), ...fc.sample(namedRow, { seed: 42, numRuns: 100 })];
    rows = sample.map((row, index) => ({ ...row, id: BigInt(index), ...(row.src_addr_hi === undefined && numericPorts(row)) }));
    const literal = (value: unknown): string =>
      value === undefined ? 'NULL' : typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
    const cell = (row: Row, name: ColumnName, type: string): string => {
      if (name === 'ingested_at') return 'now()::TIMESTAMP';
      return type === 'TIMESTAMP_NS' && row[name] !== undefined ? `make_timestamp_ns(${row[name]})` : literal(row[name]);
    };
    await connection.run(
      `INSERT INTO flows VALUES ${rows.map((row) => `(${columns.map(({ name, type }) => cell(row, name, type)).join(', ')})`).join(', ')}`,
    );
  });

  const select = async (filter: Filter): Promise<bigint[]> => {
    const { sql, params } = compileFilter(filter);
    const result = await connection.runAndReadAll(`SELECT id FROM flows WHERE ${sql} ORDER BY id`, [...params]);
    return result.getRows().map(([id]) => id as bigint);
  };

  test('a filter selects the flows that its meaning selects, and its negation all others', async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter, async (filter) => {
        const expected = rows.filter((row) => holds(filter, row)).map((row) => row.id);
        expect(await select(filter)).toEqual(expected);
        expect(await select({ kind: 'not', item: filter })).toHaveLength(rows.length - expected.length);
        const { min, max } = timeBounds(filter);
        for (const row of rows) {
          if (!holds(filter, row)) continue;
          expect(min === null || big(row, 'time')! >= min).toBe(true);
          expect(max === null || big(row, 'time')! <= max).toBe(true);
        }
      }),
      { seed: 42, numRuns: 600 },
    );
  });

  test('the sample has something for every kind of answer', async () => {
    for (const text of [
      'host C1423',
      'port N10451',
      'host 10.0.0.1',
      'net 2001:db8::/32',
      'flags SA',
      'vlan any',
      'duration = 250ms',
      'bps > 0',
    ]) {
      const found = await select(parseFilter(text));
      expect(found.length, text).toBeGreaterThan(0);
      expect(found.length, text).toBeLessThan(rows.length);
    }
  });

  test('the deepest and the longest filter are planned', async () => {
    const deep = `${'not (tcp or udp and '.repeat(50)}any${')'.repeat(50)}`;
    await select(parseFilter(deep));
    await select(parseFilter(`${'(tcp and '.repeat(50)}${'(udp or '.repeat(50)}any${')'.repeat(100)}`));
    await select(parseFilter(`any${' or tcp'.repeat(2300)}`));
    await select(parseFilter(`port in [${Array.from({ length: 2700 }, (_, port) => port * 7 + 1000).join(' ')}]`));
    await select(parseFilter(`net in [${Array.from({ length: 1000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`).join(' ')}]`));
  });
});

/** What the view over files of the shape `named` derives. */
const numericPorts = (row: Row): Row => ({
  ...(/^\d+$/.test(String(row.src_port)) && { src_port_num: BigInt(row.src_port!) }),
  ...(/^\d+$/.test(String(row.dst_port)) && { dst_port_num: BigInt(row.dst_port!) }),
});
