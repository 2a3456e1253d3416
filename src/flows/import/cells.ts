/** A value of a flow from its text, as Weir's own CSV and JSON write it: one rule for each type of column. */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { setPresent, setTimestamp } from '../batch.ts';
import type { Column } from '../schema.ts';
import { lastSecond, longestName } from './limits.ts';

/** Writes `text` as the value of `row`; returns what was expected where it does not fit. */
type WriteCell = (batch: FlowBatch, column: BatchColumn, row: number, text: string) => string | undefined;

/** The rule of a column. The empty text is NULL, and so refused where NULL cannot stand. */
export const cellRuleOf = (column: Column): WriteCell => {
  const write = ruleOf(column);
  const { nullable } = column;
  return (batch, target, row, text) => {
    if (text === '') return nullable ? undefined : 'a value';
    const expected = write(batch, target, row, text);
    if (expected === undefined && nullable) setPresent(target, row);
    return expected;
  };
};

const ruleOf = ({ name, type }: Column): WriteCell => {
  if (name === 'src_port' || name === 'dst_port') return writePort;
  if (name === 'time' || name === 'duration') return numberRule(lastSecond);
  if (name === 'src_mac' || name === 'dst_mac') return numberRule(2n ** 48n - 1n);
  return typeRules[type];
};

/** A whole number of 0 to `most`, exact at any size. */
const numberRule = (most: bigint): WriteCell => {
  const range = `a whole number of 0 to ${most}`;
  return (_batch, column, row, text) => {
    const value = digitsOf(text);
    if (value < 0) return /^\d+$/.test(text) ? 'a whole number without leading zeros' : 'a whole number';
    if (value <= Number.MAX_SAFE_INTEGER) {
      if (value > most) return range;
      writeHalves(column, row, value % 4294967296, Math.floor(value / 4294967296));
      return undefined;
    }
    if (text.length > 20) return range;
    const exact = BigInt(text);
    if (exact > most) return range;
    writeWord(column, row, exact);
    return undefined;
  };
};

/** The value of decimal digits without a leading zero, exact up to 2^53; negative for any other text. */
const digitsOf = (text: string): number => {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9 || (value === 0 && i > 0)) return -1;
    value = value * 10 + digit;
  }
  return text === '' ? -1 : value;
};

/** Writes a whole number that fits the column, whatever its width. */
export const writeWord = (column: BatchColumn, row: number, value: bigint): void => {
  writeHalves(column, row, Number(value & 0xffffffffn), Number(value >> 32n));
};

const writeHalves = (column: BatchColumn, row: number, low: number, high: number): void => {
  if (column.width === 1) column.u8[row] = low;
  else if (column.width === 2) column.u16[row] = low;
  else if (column.width === 4) column.u32[row] = low;
  else {
    column.u32[row * 2] = low;
    column.u32[row * 2 + 1] = high;
  }
};

const utf8 = new TextEncoder();
const scratch = new Uint8Array(longestName * 3);

const writeText: WriteCell = (batch, column, row, text) => {
  const length = copyPlain(text);
  if (length >= 0) {
    batch.setText(column, row, scratch, 0, length);
    return undefined;
  }
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return 'text without control characters';
  const { read, written } = utf8.encodeInto(text, scratch);
  if (read < text.length || written > longestName) return `text of at most ${longestName} octets`;
  batch.setText(column, row, scratch, 0, written);
  return undefined;
};

/** Copies visible ASCII to `scratch` and returns its length; -1 for other text. Most texts are short: a call of the encoder costs more. */
const copyPlain = (text: string): number => {
  if (text.length > longestName) return -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126) return -1;
    scratch[i] = code;
  }
  return text.length;
};

/** 0 to 65535 in decimal, or the token of a data set, which begins with a letter. */
const writePort: WriteCell = (batch, column, row, text) => {
  const port = digitsOf(text);
  const isPort = port >= 0 && port <= 65535;
  if (!isPort && !/^[A-Za-z]/.test(text)) return 'a port of 0 to 65535 or a token such as N10451';
  return writeText(batch, column, row, text);
};

const instant = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]00(?::?00)?)?$/;

/** ISO 8601 in UTC, to the nanosecond; the years that 64 bits of nanoseconds hold entirely. */
const writeInstant: WriteCell = (_batch, column, row, text) => {
  const expected = 'a UTC time such as 2015-01-31T12:00:00.123456789Z, from 1678 to 2261';
  const parts = instant.exec(text);
  if (parts === null) return expected;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  if (year < 1678 || year > 2261 || new Date(millis).toISOString().slice(0, 19) !== text.slice(0, 19).replace(' ', 'T')) return expected;
  setTimestamp(column, row, millis / 1000, Number((parts[7] ?? '').padEnd(9, '0')));
  return undefined;
};

const typeRules: Readonly<Record<Column['type'], WriteCell>> = {
  BIGINT: numberRule(2n ** 63n - 1n),
  UBIGINT: numberRule(2n ** 64n - 1n),
  UINTEGER: numberRule(2n ** 32n - 1n),
  USMALLINT: numberRule(2n ** 16n - 1n),
  UTINYINT: numberRule(255n),
  VARCHAR: writeText,
  TIMESTAMP_NS: writeInstant,
  TIMESTAMP: writeInstant,
};
