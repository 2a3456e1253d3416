/** Conditions of SQL, and what they are put together from. */
import type { NumberTest, Range, Side } from './ast.ts';
import type { Operand } from './fields.ts';

/** The value of a `?`. */
export type Parameter = string | number | bigint | boolean;

/** A condition without the word WHERE, in parentheses where it needs them, and the values of its `?` from left to right. */
export type CompiledFilter = { readonly sql: string; readonly params: readonly Parameter[] };

/** True, and not true, of every flow. */
export const always: CompiledFilter = { sql: 'TRUE', params: [] };
export const never: CompiledFilter = { sql: 'FALSE', params: [] };

/** `NOT` keeps a plain comparison plain to DuckDB, and is enough where every column always has a value. */
export const negate = ({ sql, params }: CompiledFilter, isNullable: boolean): CompiledFilter => ({
  sql: isNullable ? `(${sql} IS NOT TRUE)` : `(NOT ${sql})`,
  params,
});

const join = (parts: readonly CompiledFilter[], word: string): CompiledFilter =>
  parts.length === 1
    ? parts[0]!
    : { sql: `(${parts.map((part) => part.sql).join(` ${word} `)})`, params: parts.flatMap((part) => part.params) };

/** All of them; of none: everything. */
export const and = (parts: readonly CompiledFilter[]): CompiledFilter => (parts.length === 0 ? always : join(parts, 'AND'));
/** One of them at least; of none: nothing. */
export const or = (parts: readonly CompiledFilter[]): CompiledFilter => (parts.length === 0 ? never : join(parts, 'OR'));

/** The same of one end of a flow, of both, or of either. */
export const bySide = (side: Side, compileSide: (side: 'src' | 'dst') => CompiledFilter): CompiledFilter => {
  if (side === 'src' || side === 'dst') return compileSide(side);
  const parts = [compileSide('src'), compileSide('dst')];
  return side === 'both' ? and(parts) : or(parts);
};

/** DuckDB looks long lists up in a hash table; an OR of comparisons would cost its length for each row. */
export const oneOf = ({ sql, type }: Pick<Operand, 'sql' | 'type'>, values: readonly Parameter[]): CompiledFilter => {
  const hole = `?::${type}`;
  if (values.length === 1) return { sql: `(${sql} = ${hole})`, params: values };
  return { sql: `(${sql} IN (${values.map(() => hole).join(', ')}))`, params: values };
};

const within = ({ sql, type }: Operand, { from, to }: Range): CompiledFilter => ({
  sql: `(${sql} BETWEEN ?::${type} AND ?::${type})`,
  params: [from, to],
});

/** What a test says of the value of an operand. */
export const testOf = (operand: Operand, test: NumberTest): CompiledFilter => {
  if (test.op === 'any') return { sql: `(${operand.sql} IS NOT NULL)`, params: [] };
  if (test.op !== 'in') return { sql: `(${operand.sql} ${test.op} ?::${operand.type})`, params: [test.value] };
  const values = test.ranges.filter((range) => range.from === range.to).map((range) => range.from);
  const ranges = test.ranges.filter((range) => range.from !== range.to);
  return or([...(values.length > 0 ? [oneOf(operand, values)] : []), ...ranges.map((range) => within(operand, range))]);
};
