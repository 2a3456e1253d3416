import { durationUnits } from '../../core/quantity.ts';
import type { NumberTest } from './ast.ts';
import { always, and, type CompiledFilter, oneOf, or, testOf } from './compiled-filter.ts';
import { exactDuration, type Operand } from './fields.ts';

const wholeDuration: Operand = { sql: 'duration', type: 'BIGINT', isNullable: false };

/**
 * The column `duration` is the exact one rounded down to seconds. Every comparison therefore implies one on the column, which comes first for the
 * statistics, and often says as much. `= 5` means the seconds that people see; `= 250ms` is exact.
 */
export const compileDuration = (test: NumberTest): CompiledFilter => {
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
  if (isWholeSeconds(value) && (op === '<' || op === '>=')) return testOf(wholeDuration, { op, value: seconds });
  const coarse = testOf(wholeDuration, { op: op === '<' || op === '<=' ? '<=' : '>=', value: seconds });
  return and([coarse, testOf(exactDuration, { op, value })]);
};

const floorSeconds = (nanoseconds: bigint): bigint => nanoseconds / durationUnits.s;
const isWholeSeconds = (nanoseconds: bigint): boolean => nanoseconds % durationUnits.s === 0n;
