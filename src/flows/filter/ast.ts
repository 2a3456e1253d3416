/**
 * What a filter says, free of its spelling: aliases, units, letter case and needless parentheses are gone, `!=` has
 * become `not`, and lists in lists are flat. Plain data: it can be compared, stored as JSON with care for bigint, and sent to a thread.
 */
import type { Address, Prefix } from '../../core/address-parse.ts';

/** Everything that can stand in a filter. Build `and` and `or` with `allOf` and `anyOf`, which keep the tree flat. */
export type Filter =
  | { readonly kind: 'any' }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Filter[] }
  | { readonly kind: 'not'; readonly item: Filter }
  | Primitive;

/** One question about one flow. Missing values answer it with no. */
export type Primitive = NumberPrimitive | PortPrimitive | HostPrimitive | NetPrimitive | RouterPrimitive | FlagsPrimitive | MarkPrimitive;

/**
 * Where a question looks: `either` side (for counters the sum of both directions), `both`, or the one that the word
 * names (`src`, `dst`, `rev`, `in`, `out`, `min`, `max`; which of them exist depends on the field).
 */
export type Side = 'either' | 'both' | SideWord;
export type SideWord = 'src' | 'dst' | 'rev' | 'in' | 'out' | 'min' | 'max';

/** Whole numbers are bigint (durations in nanoseconds, times in seconds), rates are doubles. */
export type Value = bigint | number;
/** Both ends belong to it. */
export type Range = { readonly from: Value; readonly to: Value };
export type Order = '<' | '<=' | '>' | '>=';
export type NumberTest =
  | { readonly op: Order; readonly value: Value }
  | { readonly op: 'in'; readonly ranges: readonly Range[] }
  /** The flow has a value at all. */
  | { readonly op: 'any' };

/** `field` is the first word of a number field in `fields.ts`. */
export type NumberPrimitive = { readonly kind: 'number'; readonly field: string; readonly side: Side; readonly test: NumberTest };
/** Ports by number, and tokens (`N10451`) by their exact text; either list may be empty, not both. */
export type PortPrimitive = { readonly kind: 'port'; readonly side: Side; readonly test: NumberTest; readonly tokens: readonly string[] };
export type HostPrimitive = {
  readonly kind: 'host';
  readonly side: Side;
  readonly addresses: readonly Address[];
  readonly names: readonly string[];
};
export type NetPrimitive = { readonly kind: 'net'; readonly side: Side; readonly prefixes: readonly Prefix[] };
export type RouterPrimitive = { readonly kind: 'router'; readonly field: 'exporter' | 'next-hop'; readonly addresses: readonly Address[] };
/** All bits of `mask` are set, or with `isExact` these and no others. */
export type FlagsPrimitive = { readonly kind: 'flags'; readonly side: Side; readonly mask: number; readonly isExact: boolean };
/** One of the bits of the column `flags`. */
export type MarkPrimitive = { readonly kind: 'mark'; readonly bit: number };

/** All of them hold. One item is that item; ands inside are taken apart. */
export const allOf = (items: readonly Filter[]): Filter => join('and', items);

/** At least one of them holds. */
export const anyOf = (items: readonly Filter[]): Filter => join('or', items);

const join = (kind: 'and' | 'or', items: readonly Filter[]): Filter => {
  const flat = items.flatMap((item) => (item.kind === kind ? item.items : [item]));
  return flat.length === 1 ? flat[0]! : { kind, items: flat };
};
