/**
 * Tree to a condition for WHERE. Nothing that a user wrote becomes SQL text: every value is a positional parameter, cast to the type of its
 * column so that the column itself is compared bare.
 *
 * Why two forms: a missing value answers every question with no, so under `not` a condition has to be TRUE where a
 * column is NULL, or rows would be lost. `(…) IS NOT TRUE` says so, but DuckDB cannot hold it against the statistics of
 * row groups. So `not` is pushed down to the conditions (De Morgan), those in positive place stay the plain comparison
 * that DuckDB prunes files by (NULL in WHERE is as good as FALSE, and nothing negates it further up), and only what stands
 * right under a `not` gets the longer form.
 */
import { type Address, formatAddress, type Halves, type Prefix } from '../../core/address-parse.ts';
import { durationUnits } from '../../core/quantity.ts';
import type { ColumnName } from '../schema.ts';
import type {
  Filter,
  FlagsPrimitive,
  HostPrimitive,
  NetPrimitive,
  NumberPrimitive,
  NumberTest,
  PortPrimitive,
  Primitive,
  Range,
  Side,
} from './ast.ts';
import { exactDuration, type NumberField, numberFieldOf, type Operand } from './fields.ts';

export type Parameter = string | number | bigint | boolean;

/** A condition without the word WHERE, in parentheses where it needs them, and the values of its `?` from left to right. */
export type CompiledFilter = { readonly sql: string; readonly params: readonly Parameter[] };

/** The condition of a filter over the columns of the canonical flow. */
export const compileFilter = (filter: Filter): CompiledFilter => compile(filter, false);

const compile = (filter: Filter, isNegated: boolean): CompiledFilter => {
  switch (filter.kind) {
    case 'any':
      return isNegated ? never : always;
    case 'not':
      return compile(filter.item, !isNegated);
    case 'and':
    case 'or': {
      const parts = filter.items.map((item) => compile(item, isNegated));
      return (filter.kind === 'and') === isNegated ? or(parts) : and(parts);
    }
    default:
      return isNegated ? negate(compilePrimitive(filter), canBeNull(filter)) : compilePrimitive(filter);
  }
};

const always: CompiledFilter = { sql: 'TRUE', params: [] };
const never: CompiledFilter = { sql: 'FALSE', params: [] };

/** `NOT` keeps a plain comparison plain to DuckDB, and is enough where every column always has a value. */
const negate = ({ sql, params }: CompiledFilter, isNullable: boolean): CompiledFilter => ({
  sql: isNullable ? `(${sql} IS NOT TRUE)` : `(NOT ${sql})`,
  params,
});

const canBeNull = (primitive: Primitive): boolean => {
  if (primitive.kind === 'number') return operandsOf(numberFieldOf(primitive.field), primitive.side).some((operand) => operand.isNullable);
  return primitive.kind !== 'host' || primitive.addresses.length > 0;
};

const join = (parts: readonly CompiledFilter[], word: string): CompiledFilter =>
  parts.length === 1
    ? parts[0]!
    : { sql: `(${parts.map((part) => part.sql).join(` ${word} `)})`, params: parts.flatMap((part) => part.params) };

const and = (parts: readonly CompiledFilter[]): CompiledFilter => (parts.length === 0 ? always : join(parts, 'AND'));
const or = (parts: readonly CompiledFilter[]): CompiledFilter => (parts.length === 0 ? never : join(parts, 'OR'));

const compilePrimitive = (primitive: Primitive): CompiledFilter => {
  switch (primitive.kind) {
    case 'number':
      return compileNumber(primitive);
    case 'port':
      return compilePort(primitive);
    case 'host':
      return bySide(primitive.side, (side) => compileHost(primitive, side));
    case 'net':
      return bySide(primitive.side, (side) => compileNets(primitive, side));
    case 'flags':
      return compileFlags(primitive);
    case 'router':
      return oneOf(routerColumns[primitive.field], primitive.addresses.map(formatAddress));
    case 'mark':
      return { sql: '((flags & ?::UINTEGER) <> 0::UINTEGER)', params: [primitive.bit] };
  }
};

const bySide = (side: Side, compileSide: (side: 'src' | 'dst') => CompiledFilter): CompiledFilter => {
  if (side === 'src' || side === 'dst') return compileSide(side);
  const parts = [compileSide('src'), compileSide('dst')];
  return side === 'both' ? and(parts) : or(parts);
};

// Numbers

const operandsOf = (field: NumberField, side: Side): readonly Operand[] => {
  if (side === 'either') return field.operands;
  if (side === 'both') return field.sides.map((word) => field.bySide[word]!);
  return [field.bySide[side]!];
};

const compileNumber = ({ field: word, side, test }: NumberPrimitive): CompiledFilter => {
  const field = numberFieldOf(word);
  const parts = operandsOf(field, side).map((operand) => (operand === exactDuration ? compileDuration(test) : compileTest(operand, test)));
  return side === 'both' ? and(parts) : or(parts);
};

const compilePort = ({ side, test, tokens }: PortPrimitive): CompiledFilter =>
  bySide(side, (one) => {
    const number = compileTest(numberFieldOf('port').bySide[one]!, test);
    return tokens.length === 0 ? number : or([...(isEmpty(test) ? [] : [number]), oneOf(sides[one].portText, tokens)]);
  });

const isEmpty = (test: NumberTest): boolean => test.op === 'in' && test.ranges.length === 0;

const compileTest = (operand: Operand, test: NumberTest): CompiledFilter => {
  if (test.op === 'any') return { sql: `(${operand.sql} IS NOT NULL)`, params: [] };
  if (test.op !== 'in') return { sql: `(${operand.sql} ${test.op} ?::${operand.type})`, params: [test.value] };
  const values = test.ranges.filter((range) => range.from === range.to).map((range) => range.from);
  const ranges = test.ranges.filter((range) => range.from !== range.to);
  return or([...(values.length > 0 ? [oneOf(operand, values)] : []), ...ranges.map((range) => within(operand, range))]);
};

/** DuckDB looks long lists up in a hash table; an OR of comparisons would cost its length for each row. */
const oneOf = ({ sql, type }: Pick<Operand, 'sql' | 'type'>, values: readonly Parameter[]): CompiledFilter => {
  const hole = `?::${type}`;
  if (values.length === 1) return { sql: `(${sql} = ${hole})`, params: values };
  return { sql: `(${sql} IN (${values.map(() => hole).join(', ')}))`, params: values };
};

const within = ({ sql, type }: Operand, { from, to }: Range): CompiledFilter => ({
  sql: `(${sql} BETWEEN ?::${type} AND ?::${type})`,
  params: [from, to],
});

// Duration

const wholeDuration: Operand = { sql: 'duration', type: 'BIGINT', isNullable: false };

/**
 * The column `duration` is the exact one rounded down to seconds. Every comparison therefore implies one on the column, which comes first for the
 * statistics, and often says as much. `= 5` means the seconds that people see; `= 250ms` is exact.
 */
const compileDuration = (test: NumberTest): CompiledFilter => {
  if (test.op === 'any') return always;
  if (test.op !== 'in') return compileDurationOrder(test.op, BigInt(test.value));
  return or(
    test.ranges.map(({ from, to }) => {
      if (from !== to) return and([compileDurationOrder('>=', BigInt(from)), compileDurationOrder('<=', BigInt(to))]);
      const seconds = oneOf(wholeDuration, [floorSeconds(BigInt(from))]);
      return isWholeSeconds(BigInt(from)) ? seconds : and([seconds, oneOf(exactDuration, [from])]);
    }),
  );
};

const compileDurationOrder = (op: '<' | '<=' | '>' | '>=', value: bigint): CompiledFilter => {
  const seconds = floorSeconds(value);
  if (isWholeSeconds(value) && (op === '<' || op === '>=')) return compileTest(wholeDuration, { op, value: seconds });
  const coarse = compileTest(wholeDuration, { op: op === '<' || op === '<=' ? '<=' : '>=', value: seconds });
  return and([coarse, compileTest(exactDuration, { op, value })]);
};

const floorSeconds = (nanoseconds: bigint): bigint => nanoseconds / durationUnits.s;
const isWholeSeconds = (nanoseconds: bigint): boolean => nanoseconds % durationUnits.s === 0n;

// Addresses

type SideColumns = {
  readonly hi: ColumnName;
  readonly lo: ColumnName;
  readonly name: { readonly sql: ColumnName; readonly type: 'VARCHAR' };
  readonly portText: { readonly sql: ColumnName; readonly type: 'VARCHAR' };
};

const text = (sql: ColumnName) => ({ sql, type: 'VARCHAR' }) as const;
const sides: Readonly<Record<'src' | 'dst', SideColumns>> = {
  src: { hi: 'src_addr_hi', lo: 'src_addr_lo', name: text('src_comp'), portText: text('src_port') },
  dst: { hi: 'dst_addr_hi', lo: 'dst_addr_lo', name: text('dst_comp'), portText: text('dst_port') },
};

const compileHost = ({ addresses, names }: HostPrimitive, side: 'src' | 'dst'): CompiledFilter =>
  or([
    ...compileAddresses(
      addresses.filter((address) => address.version === 4),
      side,
    ),
    ...compileAddresses(
      addresses.filter((address) => address.version === 6),
      side,
    ),
    ...(names.length > 0 ? [oneOf(sides[side].name, names)] : []),
  ]);

/** Addresses of one version. IPv4 all share their upper half, IPv6 hosts of one subnet do too. */
const compileAddresses = (addresses: readonly Address[], side: 'src' | 'dst'): CompiledFilter[] => {
  if (addresses.length === 0) return [];
  const { hi, lo } = sides[side];
  const version = versionIs(addresses[0]!.version);
  if (addresses.every((address) => address.hi === addresses[0]!.hi)) {
    const upper = oneOf({ sql: hi, type: 'UBIGINT' }, [addresses[0]!.hi]);
    const lower = oneOf(
      { sql: lo, type: 'UBIGINT' },
      addresses.map((address) => address.lo),
    );
    return [and([lower, upper, version])];
  }
  const pairs = addresses.map(() => '(?::UBIGINT, ?::UBIGINT)').join(', ');
  return [and([{ sql: `((${hi}, ${lo}) IN (${pairs}))`, params: addresses.flatMap((address) => [address.hi, address.lo]) }, version])];
};

const versionIs = (version: 4 | 6): CompiledFilter => oneOf({ sql: 'ip_version', type: 'UTINYINT' }, [version]);

/** Up to here ranges, which statistics can prune by; beyond, one hash lookup for each length of prefix. */
const fewPrefixes = 8;

const compileNets = ({ prefixes }: NetPrimitive, side: 'src' | 'dst'): CompiledFilter => {
  if (prefixes.length <= fewPrefixes) return or(prefixes.map((prefix) => compilePrefix(prefix, side)));
  const alike = Map.groupBy(prefixes, (prefix) => prefix.version * 1000 + prefix.length);
  return or(
    [...alike.values()].map((group) => {
      const { version, length } = group[0]!;
      return length === 0 || group.length === 1
        ? compilePrefix(group[0]!, side)
        : and([compileLeadingBits(group, side), versionIs(version)]);
    }),
  );
};

/** A prefix ends in one half; the other one is fixed or free. */
const compilePrefix = ({ version, length, first, last }: Prefix, side: 'src' | 'dst'): CompiledFilter => {
  const is = versionIs(version);
  if (length === 0) return is;
  const { hi, lo } = sides[side];
  const upper = half(hi, first.hi, last.hi);
  const isUpperOnly = version === 6 && length <= 64;
  return isUpperOnly ? and([upper, is]) : and([half(lo, first.lo, last.lo), upper, is]);
};

const half = (column: ColumnName, from: bigint, to: bigint): CompiledFilter =>
  compileTest({ sql: column, type: 'UBIGINT', isNullable: true }, { op: 'in', ranges: [{ from, to }] });

/** Prefixes of one version and length (not 0): their leading bits, looked up in a list. */
const compileLeadingBits = (group: readonly Prefix[], side: 'src' | 'dst'): CompiledFilter => {
  const { hi, lo } = sides[side];
  const { version, length } = group[0]!;
  const hostBits = (version === 4 ? 32 : 128) - length;
  const params = (pick: (halves: Halves) => bigint[]) => group.flatMap((prefix) => pick(prefix.first));
  if (hostBits >= 64) {
    const shift = BigInt(hostBits - 64);
    return oneOf(
      { sql: `(${hi} >> ${shift})`, type: 'UBIGINT' },
      params((first) => [first.hi >> shift]),
    );
  }
  const shift = BigInt(hostBits);
  const lower = `(${lo} >> ${shift})`;
  if (version === 4)
    return oneOf(
      { sql: lower, type: 'UBIGINT' },
      params((first) => [first.lo >> shift]),
    );
  const pairs = group.map(() => '(?::UBIGINT, ?::UBIGINT)').join(', ');
  return { sql: `((${hi}, ${lower}) IN (${pairs}))`, params: params((first) => [first.hi, first.lo >> shift]) };
};

// Flags and routers

/** Without a side the flags of both directions taken together, as if the session were one flow of nfdump's. */
const compileFlags = ({ side, mask, isExact }: FlagsPrimitive): CompiledFilter => {
  const compareTo = (sql: string): CompiledFilter =>
    isExact
      ? { sql: `(${sql} = ?::USMALLINT)`, params: [mask] }
      : { sql: `((${sql} & ?::USMALLINT) = ?::USMALLINT)`, params: [mask, mask] };
  if (side === 'src') return compareTo('tcp_flags');
  if (side === 'rev') return compareTo('rev_tcp_flags');
  if (side === 'both') return and([compareTo('tcp_flags'), compareTo('rev_tcp_flags')]);
  const together = compareTo('(coalesce(tcp_flags, 0::USMALLINT) | coalesce(rev_tcp_flags, 0::USMALLINT))');
  if (mask !== 0) return together;
  return and([{ sql: '(coalesce(tcp_flags, rev_tcp_flags) IS NOT NULL)', params: [] }, together]);
};

const routerColumns = { exporter: text('exporter'), 'next-hop': text('next_hop') } as const;
