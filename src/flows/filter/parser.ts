/**
 * Text to tree by recursive descent: or < and < not < condition. Every token is looked at a bounded number of times.
 * `Reader` walks the tokens; conditions are read in `conditions.ts`.
 */
import { allOf, anyOf, type Filter } from './ast.ts';
import { readCondition } from './conditions.ts';
import { expectedAt, type FilterLimits, faultAt, filterLimits, tooLong } from './fault.ts';
import { readTokens } from './lexer.ts';
import { Reader } from './reader.ts';

/**
 * The tree of a filter. An empty text is `any`. Throws a Problem with the column (counted in characters from 1), what was
 * expected there and what stood there; or that the text, a list or the nesting is larger than the limits.
 */
export const parseFilter = (text: string, limits: FilterLimits = filterLimits): Filter => {
  const octets = Buffer.byteLength(text);
  if (octets > limits.octets) throw tooLong(octets, limits.octets);
  const reader = new Reader(text, readTokens(text), limits);
  if (reader.peek().isEnd) return { kind: 'any' };
  const filter = readOr(reader, 0);
  if (reader.peek().isEnd) return filter;
  throw expectedAt(text, reader.peek(), ['and', 'or'], hintBetween(reader));
};

const readOr = (reader: Reader, depth: number): Filter => {
  const items = [readAnd(reader, depth)];
  while (reader.take('or') || reader.take('||')) items.push(readAnd(reader, depth));
  return anyOf(items);
};

const readAnd = (reader: Reader, depth: number): Filter => {
  const items = [readNot(reader, depth)];
  while (reader.take('and') || reader.take('&&')) items.push(readNot(reader, depth));
  return allOf(items);
};

const readNot = (reader: Reader, depth: number): Filter => {
  const token = reader.peek();
  if (depth > reader.limits.depth) {
    throw faultAt(reader.text, token, `nested deeper than ${reader.limits.depth}`, { limit: reader.limits.depth });
  }
  if (reader.take('not') || reader.take('!')) return { kind: 'not', item: readNot(reader, depth + 1) };
  if (!reader.take('(')) return readCondition(reader);
  const filter = readOr(reader, depth + 1);
  if (reader.take(')')) return filter;
  throw expectedAt(reader.text, reader.peek(), ['and', 'or', ')'], hintBetween(reader));
};

/** tcpdump lets conditions stand side by side, as in `tcp port 80`. */
const hintBetween = (reader: Reader): string | undefined => {
  const token = reader.peek();
  return token.kind === 'word' ? `Conditions are joined by words: … and ${token.text} …` : undefined;
};
