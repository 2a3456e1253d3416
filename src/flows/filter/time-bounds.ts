import type { Filter, NumberTest } from './ast.ts';

/** Inclusive bounds of the column `time` in whole seconds; null is no bound. With `min` above `max` nothing can match. */
export type TimeBounds = { readonly min: bigint | null; readonly max: bigint | null };

const unbounded: TimeBounds = { min: null, max: null };
const nothing: TimeBounds = { min: 1n, max: 0n };

/**
 * The narrowest window that holds every flow a filter can match, as far as its conditions on `time` tell: for choosing
 * files before any is opened. Under `and` windows meet, under `or` they are spanned, and what says nothing of time is unbounded.
 */
export const timeBounds = (filter: Filter): TimeBounds => boundsOf(filter, false);

const boundsOf = (filter: Filter, isNegated: boolean): TimeBounds => {
  if (filter.kind === 'any') return isNegated ? nothing : unbounded;
  if (filter.kind === 'not') return boundsOf(filter.item, !isNegated);
  if (filter.kind === 'and' || filter.kind === 'or') {
    const parts = filter.items.map((item) => boundsOf(item, isNegated));
    return (filter.kind === 'and') === isNegated ? parts.reduce(span, nothing) : parts.reduce(meet, unbounded);
  }
  if (filter.kind !== 'number' || filter.field !== 'time') return unbounded;
  return isNegated ? boundsOutside(filter.test) : boundsWithin(filter.test);
};

const boundsWithin = (test: NumberTest): TimeBounds => {
  if (test.op === 'any') return unbounded;
  if (test.op === 'in')
    return test.ranges.map(({ from, to }) => ({ min: BigInt(from), max: BigInt(to) })).reduce<TimeBounds>(span, nothing);
  const value = BigInt(test.value);
  if (test.op === '>') return { min: value + 1n, max: null };
  if (test.op === '>=') return { min: value, max: null };
  return { min: null, max: test.op === '<' ? value - 1n : value };
};

/** What a list leaves over is unbounded on both sides. */
const boundsOutside = (test: NumberTest): TimeBounds => {
  if (test.op === 'any' || test.op === 'in') return unbounded;
  const opposite = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;
  return boundsWithin({ op: opposite[test.op], value: test.value });
};

const isEmpty = ({ min, max }: TimeBounds): boolean => min !== null && max !== null && min > max;

const span = (a: TimeBounds, b: TimeBounds): TimeBounds => {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return {
    min: a.min === null || b.min === null ? null : smaller(a.min, b.min),
    max: a.max === null || b.max === null ? null : greater(a.max, b.max),
  };
};

const meet = (a: TimeBounds, b: TimeBounds): TimeBounds => ({
  min: a.min === null ? b.min : b.min === null ? a.min : greater(a.min, b.min),
  max: a.max === null ? b.max : b.max === null ? a.max : smaller(a.max, b.max),
});

// Math.min and Math.max do not take bigint.
const smaller = (a: bigint, b: bigint): bigint => (b < a ? b : a);
const greater = (a: bigint, b: bigint): bigint => (b > a ? b : a);
