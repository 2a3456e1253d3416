import { formatAddress, formatPrefix } from '../../core/address-parse.ts';
import type { Filter, NumberTest, Primitive, Side } from './ast.ts';
import { type NumberField, numberFieldOf } from './fields.ts';
import { flagLetters, markNames, nameOf } from './names.ts';
import { isPlainName } from './words.ts';

/**
 * The canonical text of a filter: parsing it gives the same tree. For logs, links and the cache of a store. It has no more
 * parentheses than the text it came from, but it can be longer (`tcp` is `proto tcp`), and so pass the limit on octets.
 */
export const formatFilter = (filter: Filter): string => {
  switch (filter.kind) {
    case 'any':
      return 'any';
    case 'not':
      return `not ${isJunction(filter.item) ? `(${formatFilter(filter.item)})` : formatFilter(filter.item)}`;
    case 'and':
      return filter.items.map((item) => (isJunction(item) ? `(${formatFilter(item)})` : formatFilter(item))).join(' and ');
    case 'or':
      // `and` binds tighter, and there is no `or` in an `or`.
      return filter.items.map(formatFilter).join(' or ');
    default:
      return formatPrimitive(filter);
  }
};

const isJunction = (filter: Filter): boolean => filter.kind === 'and' || filter.kind === 'or';

const formatPrimitive = (primitive: Primitive): string => {
  switch (primitive.kind) {
    case 'number': {
      const field = numberFieldOf(primitive.field);
      return `${sideBefore(primitive.side, field.sides)}${primitive.field} ${formatTest(field, primitive.test)}`;
    }
    case 'port':
      return `${sideBefore(primitive.side, ['src', 'dst'])}port ${formatTest(numberFieldOf('port'), primitive.test, primitive.tokens.map(quoteToken))}`;
    case 'host':
      return `${sideBefore(primitive.side, ['src', 'dst'])}host ${list([...primitive.addresses.map(formatAddress), ...primitive.names.map(quoteName)])}`;
    case 'net':
      return `${sideBefore(primitive.side, ['src', 'dst'])}net ${list(primitive.prefixes.map(formatPrefix))}`;
    case 'router':
      return `${primitive.field} ${list(primitive.addresses.map(formatAddress))}`;
    case 'flags':
      return `${sideBefore(primitive.side, ['src', 'rev'])}flags ${primitive.isExact ? '= ' : ''}${formatMask(primitive.mask)}`;
    case 'mark':
      return `marked ${nameOf(markNames, BigInt(primitive.bit))}`;
  }
};

const sideBefore = (side: Side, sides: readonly string[]): string =>
  side === 'either' ? '' : side === 'both' ? `${sides.join(' and ')} ` : `${side} `;

const list = (values: readonly string[]): string => (values.length === 1 ? values[0]! : `in [${values.join(' ')}]`);

const formatTest = (field: NumberField, test: NumberTest, tokens: readonly string[] = []): string => {
  if (test.op === 'any') return 'any';
  if (test.op !== 'in') return `${test.op} ${field.write(test.value)}`;
  const ranges = test.ranges.map(({ from, to }) => (from === to ? field.write(from) : `${field.write(from)}..${field.write(to)}`));
  return list([...ranges, ...tokens]);
};

const quote = (name: string): string => `"${name.replace(/["\\]/g, '\\$&')}"`;
const quoteName = (name: string): string => (isPlainName(name) ? name : quote(name));
const quoteToken = (token: string): string => (/^[a-wyz][a-z]*[0-9]+$/i.test(token) ? token : quote(token));

const formatMask = (mask: number): string => {
  const letters = [...flagLetters].filter(([letter, bit]) => letter !== 'X' && (mask & bit) !== 0).map(([letter]) => letter);
  return letters.length === 0 ? '0' : letters.join('');
};
