/** One flow as a JSON object: its text to the names and values that a row plan takes. */
import { isUtf8 } from 'node:buffer';

/** The keys and values of an object, all values as text (NULL is the empty text); or what was expected and what stood there. */
export type JsonFlow = { readonly names: string[]; readonly values: string[] };
export type JsonFault = { readonly expected: string; readonly name?: string; readonly value: string };

/** A number that a double may not hold: read its digits, not its value. */
const longNumber = /\d{16}/;

/** Reads one object. Numbers keep all their digits, as number or as text (`bigint=string`). */
export const readJsonFlow = (octets: Uint8Array): JsonFlow | JsonFault => {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8');
  if (!isUtf8(octets)) return { expected: 'text in UTF-8', value: text };
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { expected: 'a JSON object', value: text };
  const names = Object.keys(value);
  const values: string[] = [];
  for (const name of names) {
    const cell = cellOf((value as Record<string, unknown>)[name]);
    if (cell === undefined) {
      return { expected: 'a number, a text or null', name, value: JSON.stringify((value as Record<string, unknown>)[name]) };
    }
    values.push(cell);
  }
  return { names, values };
};

/** Undefined for what is not JSON; an object nested deeper than the stack is none of ours either. */
const parse = (text: string): unknown => {
  try {
    return longNumber.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The digits as they stand (JSON.parse source text access, ECMA-262 2026). */
const keepDigits = ((_key: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? value) : value) as (
  key: string,
  value: unknown,
) => unknown;

const cellOf = (value: unknown): string | undefined => {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return undefined;
};
