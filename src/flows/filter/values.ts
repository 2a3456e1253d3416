/** What stands behind the words of a field: operators, numbers, ranges, hosts, networks, flags and marks. */
import { type Address, type Prefix, parseAddress, parsePrefix, prefixOf } from '../../core/address-parse.ts';
import { nearest } from '../../core/nearest.ts';
import type { Problem } from '../../core/problem.ts';
import type { Filter, NumberTest, Order, Range, Side } from './ast.ts';
import { expectedAt, faultAt } from './fault.ts';
import type { Field, NumberField } from './fields.ts';
import type { Token } from './lexer.ts';
import { flagLetters, markNames } from './names.ts';
import type { Reader } from './reader.ts';
import { isPlainName, isReserved } from './words.ts';

/** Reads what follows the words of a field: operator and value or values. After `!=` the caller negates. */
export const readValue = (reader: Reader, field: Field, side: Side, isUnequal: boolean): Filter => {
  if (field.kind === 'number' || field.kind === 'port') return readNumberTest(reader, field, side, isUnequal);
  const hasSign = isUnequal || takeEqual(reader);
  if (field.kind === 'flags') return { kind: 'flags', side, isExact: hasSign, mask: readMask(reader, field, hasSign) };
  if (field.kind === 'mark') return readMark(reader, field);
  const isListed = !hasSign && reader.take('in');
  if (field.kind === 'host') return readHosts(reader, field, side, isListed);
  if (field.kind === 'net') return readNets(reader, field, side, isListed);
  const addresses: Address[] = [];
  reader.readValues(field.expected, isListed, () => addresses.push(readAddress(reader, field)));
  return { kind: 'router', field: field.words[0] as 'exporter' | 'next-hop', addresses };
};

const takeEqual = (reader: Reader): boolean => reader.take('=') || reader.take('==');

const orders: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);

const readNumberTest = (reader: Reader, field: NumberField, side: Side, isUnequal: boolean): Filter => {
  const tokens: string[] = [];
  const build = (test: NumberTest): Filter =>
    field.kind === 'port' ? { kind: 'port', side, test, tokens } : { kind: 'number', field: field.words[0], side, test };
  if (!isUnequal && orders.has(reader.word())) {
    const op = reader.step().text as Order;
    return build({ op, value: readNumber(reader, field) });
  }
  const hasSign = isUnequal || takeEqual(reader);
  if (!hasSign && canBeMissing(field) && reader.take('any')) return build({ op: 'any' });
  const ranges: Range[] = [];
  reader.readValues(field.expected, !hasSign && reader.take('in'), () => {
    if (field.kind === 'port' && isPortToken(reader.peek())) tokens.push(reader.step().text);
    else ranges.push(readRange(reader, field));
  });
  return build({ op: 'in', ranges });
};

/** `vlan any`: a question only where NULL can stand. */
const canBeMissing = (field: NumberField): boolean => field.kind === 'number' && field.operands.every((operand) => operand.isNullable);

/** The tokens of the LANL sets are letters and digits; a bare word such as `http` is a mistake and must not match nothing in silence. */
const isPortToken = (token: Token): boolean =>
  token.kind === 'name' || (token.kind === 'word' && /^[a-z]+[0-9]+$/i.test(token.text) && !/^0x/i.test(token.text));

/** Reads one value of a number field. */
export const readNumber = (reader: Reader, field: NumberField): bigint | number => {
  const token = reader.peek();
  const value = token.kind === 'word' ? field.read(token.text) : undefined;
  if (value === undefined) throw wrongValue(reader, field);
  reader.step();
  return value;
};

/** A value alone, `A..B`, or `A-B` where that is not itself a value. */
const readRange = (reader: Reader, field: NumberField): Range => {
  const token = reader.peek();
  const value = token.kind === 'word' ? field.read(token.text) : undefined;
  if (value !== undefined) {
    reader.step();
    return { from: value, to: value };
  }
  const ends = token.kind === 'word' ? splitRange(token.text) : undefined;
  const from = ends && field.read(ends[0]);
  const to = ends && field.read(ends[1]);
  if (from === undefined || to === undefined) throw wrongValue(reader, field);
  if (from > to)
    throw faultAt(reader.text, token, `the range ${token.text} runs backwards`, {
      expected: [`${ends![1]}..${ends![0]}`],
      got: token.text,
    });
  reader.step();
  return { from, to };
};

const splitRange = (text: string): [string, string] | undefined => {
  const parts = text.includes('..') ? text.split('..') : text.split('-');
  return parts.length === 2 ? [parts[0]!, parts[1]!] : undefined;
};

const wrongValue = (reader: Reader, field: NumberField): Problem => {
  const token = reader.peek();
  const near = token.kind === 'word' && field.names !== undefined ? nearest(token.text, field.names.keys()) : undefined;
  return expectedAt(reader.text, token, field.expected, near && `Did you mean ${near}?`);
};

const readHosts = (reader: Reader, field: Field, side: Side, isListed: boolean): Filter => {
  const addresses: Address[] = [];
  const names: string[] = [];
  reader.readValues(field.expected, isListed, () => {
    const token = reader.peek();
    const address = token.kind === 'word' ? parseAddress(token.text) : undefined;
    if (address !== undefined) addresses.push(address);
    else if (token.kind === 'name' || (token.kind === 'word' && isPlainName(token.text))) names.push(token.text);
    else throw expectedAt(reader.text, token, field.expected, hostHint(token));
    reader.step();
  });
  return { kind: 'host', side, addresses, names };
};

const hostHint = (token: Token): string | undefined => {
  if (token.kind !== 'word') return undefined;
  if (token.text.includes('/')) return 'A network is written net 10.0.0.0/8.';
  return isReserved(token.text) ? `A computer of that name is written "${token.text}", in quotes.` : undefined;
};

const readAddress = (reader: Reader, field: Field): Address => {
  const token = reader.peek();
  const address = token.kind === 'word' ? parseAddress(token.text) : undefined;
  if (address === undefined) throw expectedAt(reader.text, token, field.expected);
  reader.step();
  return address;
};

const readNets = (reader: Reader, field: Field, side: Side, isListed: boolean): Filter => {
  const prefixes: Prefix[] = [];
  reader.readValues(field.expected, isListed, (inList) => {
    const token = reader.peek();
    const prefix =
      token.kind !== 'word' ? undefined : inList ? readShortPrefix(token.text) : (readShortPrefix(token.text) ?? readMaskedNet(reader));
    if (prefix === undefined)
      throw expectedAt(reader.text, token, field.expected, parseAddress(token.text) && `One address is written host ${token.text}.`);
    prefixes.push(prefix);
    reader.step();
  });
  return { kind: 'net', side, prefixes };
};

/** CIDR, and with fewer than four octets tcpdump's `10/8` and `192.168/16`. */
const readShortPrefix = (text: string): Prefix | undefined => {
  const short = /^([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})\/([0-9]{1,2})$/.exec(text);
  if (short === null) return parsePrefix(text);
  const octets = short[1]!.split('.');
  return parsePrefix(`${[...octets, '0', '0', '0'].slice(0, 4).join('.')}/${short[2]}`);
};

/** `10.0.0.0 255.0.0.0`, as nfdump takes it: stops before the mask, which the caller steps over. */
const readMaskedNet = (reader: Reader): Prefix | undefined => {
  const address = parseAddress(reader.peek().text);
  const mask = parseAddress(reader.peek(1).text);
  if (address?.version !== 4 || mask?.version !== 4) return undefined;
  const bits = mask.lo & 0xffff_ffffn;
  const length = bits.toString(2).replace(/0+$/, '').length;
  if (bits !== (0xffff_ffffn << BigInt(32 - length)) % (1n << 32n)) return undefined;
  reader.step();
  return prefixOf(address, length);
};

const readMask = (reader: Reader, field: Field, isExact: boolean): number => {
  const token = reader.peek();
  const mask = token.kind === 'word' ? maskOf(token.text) : undefined;
  if (mask === undefined) throw expectedAt(reader.text, token, field.expected);
  if (mask === 0 && !isExact)
    throw faultAt(
      reader.text,
      token,
      'every flow has none of no flags',
      { expected: ['= 0'], got: '0' },
      'Flows with no flag at all: flags = 0',
    );
  reader.step();
  return mask;
};

const maskOf = (text: string): number | undefined => {
  if (/^(?:[0-9]{1,3}|0x[0-9a-f]{1,3})$/i.test(text)) return Number(text) <= 511 ? Number(text) : undefined;
  let mask = 0;
  for (const letter of text.toUpperCase()) {
    const bit = flagLetters.get(letter);
    if (bit === undefined) return undefined;
    mask |= bit;
  }
  return mask;
};

const readMark = (reader: Reader, field: Field): Filter => {
  const bit = markNames.get(reader.word());
  if (bit === undefined) {
    const near = nearest(reader.word(), markNames.keys());
    throw expectedAt(
      reader.text,
      reader.peek(),
      field.expected,
      near ? `Did you mean ${near}?` : `The marks are ${[...markNames.keys()].join(', ')}.`,
    );
  }
  reader.step();
  return { kind: 'mark', bit };
};
