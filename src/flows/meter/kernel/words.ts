/**
 * What the sources in this folder are written in. They are not run: `scripts/kernel/build.ts` compiles them to `kernel.wasm`,
 * where a number is a whole one of 32 bits that wraps, one of 64 bits without sign that wraps, or a double, and an address is an
 * offset in octets in the one memory.
 */

export type i32 = number;
export type i64 = bigint;
export type f64 = number;

export declare const load8: (at: i32) => i32;
export declare const load16: (at: i32) => i32;
export declare const load32: (at: i32) => i32;
export declare const load64: (at: i32) => i64;
export declare const loadF64: (at: i32) => f64;
export declare const store8: (at: i32, value: i32) => void;
export declare const store32: (at: i32, value: i32) => void;
export declare const store64: (at: i32, value: i64) => void;
export declare const storeF64: (at: i32, value: f64) => void;
/** The double of a signed number, and of an unsigned one. */
export declare const toF64: (value: i32) => f64;
export declare const unsignedToF64: (value: i32) => f64;
/** The whole part of a double from 0 to 2^32 - 1. */
export declare const toUnsigned: (value: f64) => i32;
/** The whole part of a double of -2^63 to 2^63, as its two's complement. */
export declare const toLong: (value: f64) => i64;
/** The greatest whole number that is not more. */
export declare const floor: (value: f64) => f64;
/** The least whole number that is not less. */
export declare const ceil: (value: f64) => f64;
/** Whether `a` is less than `b`, both unsigned. */
export declare const below: (a: i32, b: i32) => boolean;
/** A number without sign with zeros above it, and the lower half of one. */
export declare const toI64: (value: i32) => i64;
export declare const toI32: (value: i64) => i32;
/** Bits below the lowest that is set and above the highest; 64 where none is. */
export declare const trailingZeros: (value: i64) => i64;
export declare const leadingZeros: (value: i64) => i64;
/** Bits above the highest that is set; 32 where none is. */
export declare const leadingZeros32: (value: i32) => i32;
/** Which of 16 octets are the given one, a bit each from the lowest. */
export declare const matches16: (at: i32, octet: i32) => i32;
