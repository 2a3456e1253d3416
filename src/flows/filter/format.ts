import { formatAddress, formatPrefix } from '../../core/address-parse.ts';
import type { Filter, NumberTest, Primitive, Side } from './ast.ts';
import { isPlainName } from './conditions.ts';
import { type NumberField, numberFieldOf } from './fields.ts';
import { flagLetters, markNames, nameOf } from './names.ts';

/** The canonical text of a filter: parsing it gives the same tree. For logs, links and the cache of a store. */
export const formatFilter = (filter: Filter): string => {
  switch (filter.kind) {
    case 'any':
      return 'any';
    case 'not':
      return `not ${formatInside(filter.item)}`;
    case 'and':
    case 'or':
      return filter.items.map(formatInside).join(` ${filter.kind} `);
    default:
      return formatPrimitive(filter);
  }
};

const formatInside = (filter: Filter): string =>
  filter.kind === 'and' || filter.kind === 'or' ? `(${formatFilter(filter)})` : formatFilter(filter);

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
