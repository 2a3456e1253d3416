/** Filter words as a function on packets. Every word is checked against the table of fields before the first packet. */
import { type Address, parseAddress, parsePrefix } from '../../core/address-parse.ts';
import { nearest } from '../../core/nearest.ts';
import type { Details } from '../detail/details.ts';
import { type Field, type FieldValue, needsHttp, packetFields, packetProtocols } from '../detail/fields.ts';
import { type Comparison, parseWords, type Words, wrongWords } from './parse.ts';

export type PacketFilter = {
  /** Whether a packet is wanted. */
  fits: (packet: Details) => boolean;
  /** Whether connections have to be followed for it. */
  needsHttp: boolean;
};

/** Compiles filter words; throws `invalid` with the place of what is wrong. */
export function compileWords(text: string): PacketFilter {
  const needs = { http: false };
  return { fits: compile(parseWords(text), text, needs), needsHttp: needs.http };
}

type Test = (packet: Details) => boolean;

function compile(words: Words, text: string, needs: { http: boolean }): Test {
  switch (words.kind) {
    case 'and': {
      const parts = words.parts.map((part) => compile(part, text, needs));
      return (packet) => parts.every((fits) => fits(packet));
    }
    case 'or': {
      const parts = words.parts.map((part) => compile(part, text, needs));
      return (packet) => parts.some((fits) => fits(packet));
    }
    case 'not': {
      const part = compile(words.part, text, needs);
      return (packet) => !part(packet);
    }
    case 'present': {
      needs.http ||= needsHttp(words.name);
      const protocol = packetProtocols.get(words.name);
      if (protocol !== undefined) return protocol;
      const { read, kind } = fieldAt(words, text);
      return kind === 'flag' ? (packet) => isAny(read(packet), (value) => value === true) : (packet) => read(packet) !== undefined;
    }
    default:
      needs.http ||= needsHttp(words.name);
      return comparing(fieldAt(words, text), words, text);
  }
}

function fieldAt({ name, column }: { name: string; column: number }, text: string): Field {
  const field = packetFields.get(name);
  if (field !== undefined) return field;
  const meant = nearest(name, [...packetFields.keys(), ...packetProtocols.keys()]);
  throw wrongWords(text, column, `there is no field ${name}${meant === undefined ? '' : `; ${meant}?`}`);
}

function comparing(field: Field, { comparison, values, column }: Words & { kind: 'compare' }, text: string): Test {
  const { read } = field;
  const matchers = values.map((value) => {
    const matcher = matcherOf(field, comparison === 'in' || comparison === '!=' ? '==' : comparison, value);
    if (matcher === undefined) throw wrongWords(text, column, `${field.name} (${field.kind}) cannot be ${comparison} "${value}"`);
    return matcher;
  });
  const matches = (value: FieldValue): boolean => matchers.some((matcher) => matcher(value));
  if (comparison !== '!=') return (packet) => isAny(read(packet), matches);
  // As in Wireshark since 4.0: true where the field is there and none of its values is equal.
  return (packet) => {
    const value = read(packet);
    return value !== undefined && !isAny(value, matches);
  };
}

const isAny = (value: FieldValue | readonly FieldValue[] | undefined, matches: (value: FieldValue) => boolean): boolean =>
  typeof value === 'object' ? value.some(matches) : value !== undefined && matches(value);

type Matcher = (value: FieldValue) => boolean;

function matcherOf(field: Field, comparison: Comparison, text: string): Matcher | undefined {
  if (comparison === 'contains') return field.kind === 'text' ? (value) => String(value).includes(text) : undefined;
  if (field.kind === 'number') return numberMatcher(comparison, text);
  if (field.kind === 'address') return comparison === '==' ? addressMatcher(text) : undefined;
  if (field.kind === 'flag') return comparison === '==' && /^(?:[01]|true|false)$/i.test(text) ? flagMatcher(text) : undefined;
  return textMatcher(comparison, text);
}

function numberMatcher(comparison: Comparison, text: string): Matcher | undefined {
  const range = /^(\d+)(?:\.\.|-)(\d+)$/.exec(text);
  if (range !== null && comparison === '==') return (value) => Number(value) >= Number(range[1]) && Number(value) <= Number(range[2]);
  if (!/^(?:0x[0-9a-f]+|\d+(?:\.\d+)?)$/i.test(text)) return undefined;
  return ordered(comparison, Number(text), Number);
}

function textMatcher(comparison: Comparison, text: string): Matcher | undefined {
  // Times are numbers with nine decimals: as text they would not sort.
  return comparison === '=='
    ? (value) => value === text
    : /^\d+(\.\d+)?$/.test(text)
      ? ordered(comparison, Number(text), Number)
      : undefined;
}

function ordered(comparison: Comparison, limit: number, read: (value: FieldValue) => number): Matcher {
  if (comparison === '==') return (value) => read(value) === limit;
  if (comparison === '<') return (value) => read(value) < limit;
  if (comparison === '<=') return (value) => read(value) <= limit;
  return comparison === '>' ? (value) => read(value) > limit : (value) => read(value) >= limit;
}

const flagMatcher = (text: string): Matcher => {
  const wanted = text === '1' || text.toLowerCase() === 'true';
  return (value) => value === wanted;
};

function addressMatcher(text: string): Matcher | undefined {
  const exact = parseAddress(text);
  if (exact !== undefined) return (value) => isSame(parseAddress(value as string), exact);
  const prefix = parsePrefix(text);
  if (prefix === undefined) return undefined;
  const first = (prefix.first.hi << 64n) | prefix.first.lo;
  const last = (prefix.last.hi << 64n) | prefix.last.lo;
  return (value) => {
    const address = parseAddress(value as string);
    if (address === undefined || address.version !== prefix.version) return false;
    const number = (address.hi << 64n) | address.lo;
    return number >= first && number <= last;
  };
}

const isSame = (one: Address | undefined, other: Address): boolean =>
  one?.hi === other.hi && one.lo === other.lo && one.version === other.version;
