/**
 * Points in time as ISO 8601 text in UTC, `2017-03-01T12:00:00.123456789Z`, from the 64-bit counts of nanoseconds or
 * microseconds since 1970 that DuckDB keeps. Years outside 0000 to 9999 have a sign and six digits, as ECMAScript has
 * them. The calendar part of the last day is kept, since neighbouring flows mostly share it.
 */
import { writeOctad, writePair, writeQuad } from './digits.ts';

/** Room for any instant: `+292277-01-09T04:00:54.775807Z` is the longest but one, with nine places of a four-digit year. */
export const instantOctets = 36;

/** How many ticks a second has, and so how many places its fraction. */
export const ticks = { nanoseconds: 1e9, microseconds: 1e6 } as const;

const secondsOfDay = 86400;
const date = new Uint8Array(24);
let dateLength = 0;
let dateDay = Number.NaN;

/** Writes the instant of a signed 64-bit count of ticks, given as two words; returns the position behind it. */
export const writeInstant = (target: Uint8Array, view: DataView, at: number, low: number, high: number, perSecond: number): number => {
  // Long division, rounding down, by the method of `writeUnsigned64`: dividends stay below 2^46.
  const upper = high | 0;
  const q0 = Math.floor(upper / perSecond);
  const d1 = (upper - q0 * perSecond) * 65536 + (low >>> 16);
  const q1 = Math.floor(d1 / perSecond);
  const d2 = (d1 - q1 * perSecond) * 65536 + (low & 0xffff);
  const q2 = Math.floor(d2 / perSecond);
  const seconds = (q0 * 65536 + q1) * 65536 + q2;
  const day = Math.floor(seconds / secondsOfDay);
  if (day !== dateDay) setDate(day);
  let end = at;
  for (let i = 0; i < dateLength; i++) target[end++] = date[i]!;
  writeClock(target, view, end, (seconds - day * secondsOfDay) | 0);
  end += 9;
  end = writeFraction(target, view, end, (d2 - q2 * perSecond) | 0, perSecond);
  target[end] = 0x5a;
  return end + 1;
};

/** `hh:mm:ss.` */
const writeClock = (target: Uint8Array, view: DataView, at: number, second: number): void => {
  const hours = (second / 3600) | 0;
  const minutes = ((second - hours * 3600) / 60) | 0;
  writePair(view, at, hours);
  target[at + 2] = 0x3a;
  writePair(view, at + 3, minutes);
  target[at + 5] = 0x3a;
  writePair(view, at + 6, second - hours * 3600 - minutes * 60);
  target[at + 8] = 0x2e;
};

const writeFraction = (target: Uint8Array, view: DataView, at: number, fraction: number, perSecond: number): number => {
  if (perSecond === ticks.nanoseconds) {
    const lead = (fraction / 100000000) | 0;
    target[at] = 0x30 + lead;
    writeOctad(view, at + 1, fraction - lead * 100000000);
    return at + 9;
  }
  const lead = (fraction / 10000) | 0;
  writePair(view, at, lead);
  writeQuad(view, at + 2, fraction - lead * 10000);
  return at + 6;
};

/** Keeps `YYYY-MM-DDT` of a day since 1970: the civil calendar by eras of 400 years, which count from 1 March 0000. */
const setDate = (day: number): void => {
  const shifted = day + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const text = `${yearText(year)}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}T`;
  dateLength = new TextEncoder().encodeInto(text, date).written;
  dateDay = day;
};

const yearText = (year: number): string => {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
};
