/** Numbers of LANL lines: digits are added up eight at a time. */
import { below, type i32, type i64, load8, load64, store64, toI64 } from '../../meter/kernel/words.ts';
import { highs, overNine, zeros } from './layout.ts';

/** Eight digits less '0' as a number; those that are not there are zeros below. */
export const numberOf = (digits: i64): i64 => {
  const pairs = ((digits * 2561n) >> 8n) & 0x00ff_00ff_00ff_00ffn;
  const fours = ((pairs * 6553601n) >> 16n) & 0x0000_ffff_0000_ffffn;
  return (fours * 42949672960001n) >> 32n;
};

/** The last `octets` (1 to 8) before `end`, each less '0', with zeros below them. */
export const digitsBefore = (end: i32, octets: i32): i64 => {
  const others = toI64(64 - (octets << 3));
  return ((load64(end - 8) ^ zeros) >> others) << others;
};

/** 1 where a small number is more than another, and where an octet is '0': without a branch, where nobody could foresee which way it goes. */
export const isMore = (one: i32, other: i32): i32 => (other - one) >>> 31;
export const isZero = (octet: i32): i32 => ((octet ^ 48) - 1) >>> 31;

/** Whether one of the digits is none. */
export const isOdd = (digits: i64): boolean => (((digits + overNine) | digits) & highs) !== 0n;

/** A number of 9 to 11 digits, which all fields may have; 0 for any other. */
const longNumber = (at: i32, end: i32): i64 => {
  const octets = end - at - 8;
  if (octets < 1 || octets > 3) return 0n;
  const upper = digitsBefore(end - 8, octets);
  const lower = digitsBefore(end, 8);
  return isOdd(upper) || isOdd(lower) ? 0n : numberOf(upper) * 100000000n + numberOf(lower);
};

/**
 * A number of at least `least` without leading zeros, into eight octets. This reader and the next answer false for "not plainly right", and have
 * written nothing to count on.
 */
export function readNumber(at: i32, end: i32, least: i64, to: i32): boolean {
  const octets = end - at;
  let value = 0n;
  if (below(octets - 1, 8)) {
    const digits = digitsBefore(end, octets);
    if (isOdd(digits)) return false;
    value = numberOf(digits);
  } else {
    value = longNumber(at, end);
    if (value === 0n) return false;
  }
  if (value < least || (isZero(load8(at)) & isMore(octets, 1)) !== 0) return false;
  store64(to, value);
  return true;
}
