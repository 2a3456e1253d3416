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
import { formatAddress } from '../../core/address-parse.ts';
import type { Filter, FlagsPrimitive, NumberPrimitive, NumberTest, PortPrimitive, Primitive, Side } from './ast.ts';
import { compileHost, compileNets } from './compile-addresses.ts';
import { compileDuration } from './compile-duration.ts';
import { always, and, bySide, type CompiledFilter, negate, never, oneOf, or, testOf } from './compiled-filter.ts';
import { exactDuration, type NumberField, numberFieldOf, type Operand } from './fields.ts';
import { sides, text } from './sides.ts';

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

const canBeNull = (primitive: Primitive): boolean => {
  if (primitive.kind === 'number') return operandsOf(numberFieldOf(primitive.field), primitive.side).some((operand) => operand.isNullable);
  return primitive.kind !== 'host' || primitive.addresses.length > 0;
};

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

// Numbers

const operandsOf = (field: NumberField, side: Side): readonly Operand[] => {
  if (side === 'either') return field.operands;
  if (side === 'both') return field.sides.map((word) => field.bySide[word]!);
  return [field.bySide[side]!];
};

const compileNumber = ({ field: word, side, test }: NumberPrimitive): CompiledFilter => {
  const field = numberFieldOf(word);
  const parts = operandsOf(field, side).map((operand) => (operand === exactDuration ? compileDuration(test) : testOf(operand, test)));
  return side === 'both' ? and(parts) : or(parts);
};

const compilePort = ({ side, test, tokens }: PortPrimitive): CompiledFilter =>
  bySide(side, (one) => {
    const number = testOf(numberFieldOf('port').bySide[one]!, test);
    return tokens.length === 0 ? number : or([...(isEmpty(test) ? [] : [number]), oneOf(sides[one].portText, tokens)]);
  });

const isEmpty = (test: NumberTest): boolean => test.op === 'in' && test.ranges.length === 0;

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
