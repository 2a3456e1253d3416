/**
 * Moments as clients write them: seconds, whole or with a fraction (`1488326400`, `1488326400.25`; for a data set without
 * an origin its own count), or ISO 8601 with a zone (`2017-03-01T00:00:00Z`, `2017-03-01 01:00+01:00`). A date alone is
 * the midnight that begins its UTC day. A time without a zone is refused: two readers would mean two moments.
 */
import { Problem } from './problem.ts';

/** `seconds` is whole, since 1970 in UTC or in the count of the data set, and safe as a double; `nanos` is 0 to 999999999 and always adds. */
export type Moment = { readonly seconds: number; readonly nanos: number };

const plain = /^(-?)([0-9]{1,16})(?:\.([0-9]{1,9}))?$/;
const iso =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})))?$/;

/** Reads a moment, or returns undefined. */
export const readMoment = (text: string): Moment | undefined => readSeconds(text) ?? readIso(text);

/** The moment that `text` names; a Problem that names the parameter `name` otherwise. */
export const parseMoment = (text: string, name: string): Moment => {
  const moment = readMoment(text);
  if (moment !== undefined) return moment;
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new Problem('invalid', `${name}: expected seconds or a time such as 2017-03-01T00:00:00Z, got ${shown}`, {
    hint:
      readIso(`${text}Z`) === undefined
        ? 'A plus sign in a URL is %2B.'
        : `The zone is missing: ${text}Z is UTC, ${text}+01:00 one hour east of it.`,
    pointer: name,
  });
};

const readSeconds = (text: string): Moment | undefined => {
  const match = plain.exec(text);
  if (match === null) return undefined;
  const isNegative = match[1] === '-';
  const whole = Number(match[2]);
  const nanos = Number((match[3] ?? '').padEnd(9, '0'));
  if (!Number.isSafeInteger(whole + 1)) return undefined;
  // Nanoseconds always add: -1.25 is 2 seconds back and 0.75 forward.
  if (isNegative && nanos > 0) return { seconds: -whole - 1, nanos: 1_000_000_000 - nanos };
  return { seconds: isNegative ? 0 - whole : whole, nanos };
};

const readIso = (text: string): Moment | undefined => {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [zoneHour, zoneMinute] = [Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  // Second 60 is refused: Unix time has no leap seconds, and so no moment to give.
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const east = (zoneHour * 3600 + zoneMinute * 60) * (match[9] === '-' ? -1 : 1);
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day) / 1000;
  return { seconds: midnight + hour * 3600 + minute * 60 + second - east, nanos: Number((match[7] ?? '').padEnd(9, '0')) };
};

const daysIn = (year: number, month: number): number => new Date(new Date(0).setUTCFullYear(year, month, 0)).getUTCDate();
