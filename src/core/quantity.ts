/**
 * Sizes, counts and durations as people type them: `64KiB`, `1.5g`, `250ms`, `7d`. Arithmetic is exact (whole octets,
 * whole nanoseconds); what does not come out whole is refused and not rounded. Case does not count, except that `Mi`
 * needs its `i` to mean 1024.
 */
import { Problem } from './problem.ts';

const decimalPowers: Record<string, bigint> = { '': 1n, k: 10n ** 3n, m: 10n ** 6n, g: 10n ** 9n, t: 10n ** 12n, p: 10n ** 15n };
const binaryPowers: Record<string, bigint> = { ki: 1n << 10n, mi: 1n << 20n, gi: 1n << 30n, ti: 1n << 40n, pi: 1n << 50n };
const powers: Record<string, bigint> = { ...decimalPowers, ...binaryPowers };

/** The units of a duration, in nanoseconds. `m` is minutes here, and mega in a count. */
export const durationUnits = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  min: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
} as const satisfies Record<string, bigint>;

export type DurationUnit = keyof typeof durationUnits;

/** No quantity has more digits; without a bound a long row of digits would cost its square. */
const longestQuantity = 40;
const quantity = /^([0-9]+)(?:\.([0-9]+))?([a-zA-Zµ]*)$/;

/**
 * Reads a count: digits, perhaps with a fraction, then `k m g t p` (powers of 1000) or `Ki Mi Gi Ti Pi` (of 1024).
 * Undefined when it is not one, or not whole.
 */
export const readCount = (text: string): bigint | undefined => {
  const parts = splitQuantity(text);
  const power = parts !== undefined && Object.hasOwn(powers, parts.unit) ? powers[parts.unit] : undefined;
  return power === undefined ? undefined : multiply(parts!, power);
};

/** Reads a size in octets: a count, with an optional `B` behind (`64KiB`, `10MB`, `512`). */
export const readSize = (text: string): bigint | undefined => readCount(text.replace(/b$/i, ''));

/**
 * Reads a duration in nanoseconds: digits, perhaps with a fraction, then `ns us ms s m h d w` (`min` and `µs` too).
 * A number alone counts in `plainUnit`; without one it is refused.
 */
export const readDuration = (text: string, plainUnit?: DurationUnit): bigint | undefined => {
  const parts = splitQuantity(text);
  if (parts === undefined) return undefined;
  const unit = parts.unit === '' ? plainUnit : parts.unit === 'µs' ? 'us' : parts.unit;
  const scale = unit !== undefined && Object.hasOwn(durationUnits, unit) ? durationUnits[unit as DurationUnit] : undefined;
  return scale === undefined ? undefined : multiply(parts, scale);
};

/** The size in octets that `text` names; a Problem that names the setting or parameter `name` otherwise. */
export const parseSize = (text: string, name: string): number => {
  const size = readSize(text);
  if (size !== undefined && size <= Number.MAX_SAFE_INTEGER) return Number(size);
  throw new Problem('invalid', `${name}: expected a size such as 64KiB or 10MB, got ${quote(text)}`, {
    hint: 'Units are B, kB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024); a number alone counts octets.',
    pointer: name,
  });
};

/**
 * The duration in milliseconds (a fraction for microseconds) that `text` names; a Problem that names the setting or
 * parameter `name` otherwise. A number alone counts in `plainUnit`; without one it is refused, since nobody can tell what was meant.
 */
export const parseDurationMs = (text: string, name: string, plainUnit?: DurationUnit): number => {
  const duration = readDuration(text, plainUnit);
  if (duration !== undefined && duration <= Number.MAX_SAFE_INTEGER * 1e6) return Number(duration) / 1e6;
  throw new Problem('invalid', `${name}: expected a duration such as 250ms, 5m or 7d, got ${quote(text)}`, {
    hint: `Units are ns, us, ms, s, m, h, d and w${plainUnit === undefined ? '' : `; a number alone counts in ${plainUnit}`}.`,
    pointer: name,
  });
};

/** The duration in the largest unit that keeps it whole, so that reading it back gives the same. */
export const formatDuration = (nanoseconds: bigint): string => {
  if (nanoseconds === 0n) return '0s';
  for (const unit of ['w', 'd', 'h', 'm', 's', 'ms', 'us'] as const) {
    if (nanoseconds % durationUnits[unit] === 0n) return `${nanoseconds / durationUnits[unit]}${unit}`;
  }
  return `${nanoseconds}ns`;
};

type Parts = { whole: string; fraction: string; unit: string };

const splitQuantity = (text: string): Parts | undefined => {
  const match = text.length > longestQuantity ? null : quantity.exec(text);
  if (match === null) return undefined;
  return { whole: match[1]!, fraction: match[2] ?? '', unit: match[3]!.toLowerCase() };
};

const multiply = ({ whole, fraction }: Parts, scale: bigint): bigint | undefined => {
  const divisor = 10n ** BigInt(fraction.length);
  const product = BigInt(whole + fraction) * scale;
  return product % divisor === 0n ? product / divisor : undefined;
};

/** User text in a message: quoted, and cut so that a message stays a message. */
const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
