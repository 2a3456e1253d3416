/**
 * One LANL line read with care: every rule is checked here and every refusal worded here. The kernel takes the
 * lines that are plainly right and leaves all others to this file, so this is what the format means.
 */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import type { LanlField } from './lanl-fields.ts';
import { longestName } from './limits.ts';
import type { RowFault } from './rows.ts';

const comma = 44;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A fault without its line, which the caller knows. */
export type LineFault = Omit<RowFault, 'line'>;

/**
 * Reads `bytes[start, end)`, a line without its end, into `row` of `batch`; returns what is wrong, or undefined.
 * A refused row may have left values behind: the next row overwrites them.
 */
export const readLanlLine = (
  fields: readonly LanlField[],
  bytes: Uint8Array,
  start: number,
  end: number,
  batch: FlowBatch,
): LineFault | undefined => {
  const found = start === end ? 0 : countColumns(bytes, start, end);
  if (found !== fields.length) return wrongCount(fields.length, found, bytes, start, end);
  let from = start;
  for (const [index, field] of fields.entries()) {
    const comma = endOfField(bytes, from, end);
    const expected = readField(field, bytes.subarray(from, comma), batch);
    if (expected !== undefined) return { column: index + 1, name: field.name, value: textOf(bytes.subarray(from, comma)), expected };
    from = comma + 1;
  }
  return undefined;
};

/** Whether a line is a heading: the right number of columns, and none of its numeric ones begins as a number does. */
export const isHeading = (fields: readonly LanlField[], line: string): boolean => {
  const cells = line.split(',', fields.length + 1);
  if (cells.length !== fields.length) return false;
  return fields.every((field, i) => field.kind !== 'number' || /^["'# ]*[A-Za-z_]/.test(cells[i] as string));
};

/** Octets as text; what is not UTF-8 becomes U+FFFD. */
export const textOf = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8');

const countColumns = (bytes: Uint8Array, start: number, end: number): number => {
  let count = 1;
  for (let i = start; i < end; i++) if (bytes[i] === comma) count++;
  return count;
};

const wrongCount = (wanted: number, found: number, bytes: Uint8Array, start: number, end: number): LineFault => ({
  expected: `${wanted} columns`,
  got: found === 0 ? 'an empty line' : String(found),
  value: textOf(bytes.subarray(start, end)),
});

const endOfField = (bytes: Uint8Array, from: number, end: number): number => {
  let at = from;
  while (at < end && bytes[at] !== comma) at++;
  return at;
};

/** Writes the field; returns what was expected where it does not fit. */
const readField = (field: LanlField, bytes: Uint8Array, batch: FlowBatch): string | undefined => {
  if (field.kind === 'number') return readNumber(field, bytes, batch);
  const expected = field.kind === 'name' ? nameRule(bytes) : portRule(bytes);
  if (expected === undefined) batch.setText(batch.column(field.column as string), batch.count, bytes, 0, bytes.length);
  return expected;
};

const readNumber = ({ column, least, most }: LanlField, bytes: Uint8Array, batch: FlowBatch): string | undefined => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 22)).toString('latin1');
  if (/^0\d+$/.test(text)) return 'a whole number without leading zeros';
  if (!/^\d+$/.test(text)) return 'a whole number';
  const value = BigInt(text);
  if (value < least || value > most) return `a whole number of ${least} to ${most}`;
  if (column !== undefined) writeNumber(batch.column(column), batch.count, value);
  return undefined;
};

const writeNumber = (column: BatchColumn, row: number, value: bigint): void => {
  if (column.width === 1) {
    column.u8[row] = Number(value);
    return;
  }
  column.u32[row * 2] = Number(value & 0xffffffffn);
  column.u32[row * 2 + 1] = Number(value >> 32n);
};

/** A computer's name: text without quotes and control characters, so that it comes out as it went in. */
const nameRule = (bytes: Uint8Array): string | undefined => {
  if (bytes.length === 0) return 'a name';
  if (bytes.length > longestName) return `a name of at most ${longestName} octets`;
  return textRule(bytes, 'a name');
};

/** A port: 0 to 65535 in decimal, or the token that stands for one (`N10451`, `Port03657`). */
const portRule = (bytes: Uint8Array): string | undefined => {
  const expected = 'a port of 0 to 65535 or a token such as N10451';
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, longestName + 1)).toString('latin1');
  if (/^0\d+$/.test(text)) return 'a port without leading zeros';
  if (/^\d+$/.test(text)) return text.length <= 5 && Number(text) <= 65535 ? undefined : expected;
  if (!/^[A-Za-z]/.test(text) || text.length > longestName) return expected;
  return textRule(bytes, 'a port or token');
};

const textRule = (bytes: Uint8Array, what: string): string | undefined => {
  for (const octet of bytes) {
    if (octet < 32 || octet === 127) return `${what} without control characters`;
    if (octet === 34) return `${what} without quotes (nothing is quoted in this format)`;
  }
  try {
    // C1 control characters are no text either; as UTF-8 they are C2 80 to C2 9F.
    return /[\u0080-\u009f]/.test(utf8.decode(bytes)) ? `${what} without control characters` : undefined;
  } catch {
    return `${what} in UTF-8`;
  }
};
