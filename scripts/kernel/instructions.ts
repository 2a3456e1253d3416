/** The instructions of WebAssembly that the compiler writes, by what stands for them in a source. */
import ts from 'typescript';
import type { ValueType } from './wasm-writer.ts';

export const op = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  get: 0x20,
  set: 0x21,
};

/** Loads and stores of `words.ts`: operation, type of the value, and of how many octets 2^n. */
export const loads: Record<string, [number, ValueType]> = {
  load8: [0x2d, 'i32'],
  load16: [0x2f, 'i32'],
  load32: [0x28, 'i32'],
  load64: [0x29, 'i64'],
  loadF64: [0x2b, 'f64'],
};
export const stores: Record<string, [number, ValueType]> = {
  store8: [0x3a, 'i32'],
  store16: [0x3b, 'i32'],
  store32: [0x36, 'i32'],
  store64: [0x37, 'i64'],
  storeF64: [0x39, 'f64'],
};
export const conversions: Record<string, [number, ValueType, ValueType]> = {
  toF64: [0xb7, 'i32', 'f64'],
  unsignedToF64: [0xb8, 'i32', 'f64'],
  toUnsigned: [0xab, 'f64', 'i32'],
  toLong: [0xb0, 'f64', 'i64'],
  floor: [0x9c, 'f64', 'f64'],
  ceil: [0x9b, 'f64', 'f64'],
  toI64: [0xad, 'i32', 'i64'],
  toI32: [0xa7, 'i64', 'i32'],
  leadingZeros32: [0x67, 'i32', 'i32'],
  trailingZeros: [0x7a, 'i64', 'i64'],
  leadingZeros: [0x79, 'i64', 'i64'],
};

const { SyntaxKind: kind } = ts;
/** Operators by type of their operands; comparisons answer an i32. */
export const arithmetic: Partial<Record<ts.SyntaxKind, Partial<Record<ValueType, number>>>> = {
  [kind.PlusToken]: { i32: 0x6a, i64: 0x7c, f64: 0xa0 },
  [kind.MinusToken]: { i32: 0x6b, i64: 0x7d, f64: 0xa1 },
  [kind.AsteriskToken]: { i32: 0x6c, i64: 0x7e, f64: 0xa2 },
  [kind.SlashToken]: { f64: 0xa3 },
  [kind.AmpersandToken]: { i32: 0x71, i64: 0x83 },
  [kind.BarToken]: { i32: 0x72, i64: 0x84 },
  [kind.CaretToken]: { i32: 0x73, i64: 0x85 },
  [kind.LessThanLessThanToken]: { i32: 0x74, i64: 0x86 },
  [kind.GreaterThanGreaterThanToken]: { i32: 0x75, i64: 0x88 },
  [kind.GreaterThanGreaterThanGreaterThanToken]: { i32: 0x76 },
};
export const comparisons: Partial<Record<ts.SyntaxKind, Record<ValueType, number>>> = {
  [kind.EqualsEqualsEqualsToken]: { i32: 0x46, i64: 0x51, f64: 0x61 },
  [kind.ExclamationEqualsEqualsToken]: { i32: 0x47, i64: 0x52, f64: 0x62 },
  [kind.LessThanToken]: { i32: 0x48, i64: 0x54, f64: 0x63 },
  [kind.GreaterThanToken]: { i32: 0x4a, i64: 0x56, f64: 0x64 },
  [kind.LessThanEqualsToken]: { i32: 0x4c, i64: 0x58, f64: 0x65 },
  [kind.GreaterThanEqualsToken]: { i32: 0x4e, i64: 0x5a, f64: 0x66 },
};
export const below = 0x49; // i32.lt_u
export const assignments: Partial<Record<ts.SyntaxKind, ts.SyntaxKind>> = {
  [kind.PlusEqualsToken]: kind.PlusToken,
  [kind.MinusEqualsToken]: kind.MinusToken,
  [kind.BarEqualsToken]: kind.BarToken,
  [kind.AmpersandEqualsToken]: kind.AmpersandToken,
};
