/** Conditions: `[side] field [operator] value`, and the short forms `tcp`, `ipv6`, `after X`, `src 10.0.0.1`. */
import { nearest } from '../../core/nearest.ts';
import type { Problem } from '../../core/problem.ts';
import type { Filter, NumberTest, Primitive, Side, SideWord } from './ast.ts';
import { expectedAt, faultAt } from './fault.ts';
import { type Field, fieldOf, numberFieldOf, sideAliases } from './fields.ts';
import type { Token } from './lexer.ts';
import type { Reader } from './reader.ts';
import { readNumber, readValue } from './values.ts';
import { bareWords, isReserved, openingWords } from './words.ts';

/** Reads one condition; throws a Problem at the first token that cannot be part of it. */
export const readCondition = (reader: Reader): Filter => {
  const word = reader.word();
  if (reader.take('any')) return { kind: 'any' };
  const bare = bareWords.get(word);
  if (bare !== undefined) {
    reader.step();
    return numberCondition(bare.field, { op: 'in', ranges: [{ from: bare.value, to: bare.value }] });
  }
  if (reader.take('after')) return numberCondition('time', { op: '>', value: readNumber(reader, numberFieldOf('time')) });
  // Open at the left and closed at the right, as scanned_after and scanned_before: windows meet without gap or overlap.
  if (reader.take('before')) return numberCondition('time', { op: '<=', value: readNumber(reader, numberFieldOf('time')) });
  const side = readSide(reader);
  if (side !== undefined && isBareValue(reader.peek())) return readBareHost(reader, side.of);
  return readField(reader, side);
};

const numberCondition = (field: string, test: NumberTest): Primitive => ({ kind: 'number', field, side: 'either', test });

/** A side as written: the words before the field, with the token for complaints. */
type WrittenSide = { readonly words: readonly string[]; readonly of: Side; readonly at: Token };

const readSide = (reader: Reader): WrittenSide | undefined => {
  const at = reader.peek();
  const first = reader.word();
  if (!Object.hasOwn(sideAliases, first)) return undefined;
  reader.step();
  const joint = reader.word();
  const second = reader.word(1);
  if ((joint !== 'and' && joint !== 'or') || !Object.hasOwn(sideAliases, second) || first === second) {
    return { words: [first], of: first as SideWord, at };
  }
  reader.step();
  reader.step();
  return { words: [first, second], of: joint === 'and' ? 'both' : 'either', at };
};

/** `src 10.0.0.1`, `dst 10.0.0.0/8`, `src C1423`: tcpdump's habit. Words without a digit stay keywords, so that typing mistakes are seen. */
const isBareValue = (token: Token): boolean =>
  token.kind === 'name' || (token.kind === 'word' && /^(?:[0-9a-f]*[.:].*|[a-z]+[0-9]+)$/i.test(token.text) && !isReserved(token.text));

const readBareHost = (reader: Reader, side: Side): Filter => {
  const field = fieldOf(reader.word().includes('/') ? 'net' : 'host')!;
  if (side !== 'src' && side !== 'dst' && side !== 'either' && side !== 'both')
    throw expectedAt(reader.text, reader.peek(), 'a word such as packets, if or ttl');
  return readValue(reader, field, side, false);
};

const readField = (reader: Reader, side: WrittenSide | undefined): Filter => {
  const token = reader.peek();
  let field = fieldOf(reader.word());
  if (reader.word() === 'next' && ['hop', 'ip'].includes(reader.word(1))) {
    reader.step();
    field = fieldOf('next-hop')!;
  }
  if (field === undefined) throw unknownWord(reader, token, side);
  reader.step();
  const chosen = chooseSide(reader, field, side);
  const isNot = reader.word() === 'not' && reader.word(1) === 'in' && reader.take('not');
  const isUnequal = !isNot && reader.take('!=');
  const filter = readValue(reader, field, chosen, isUnequal);
  return isNot || isUnequal ? { kind: 'not', item: filter } : filter;
};

const unknownWord = (reader: Reader, token: Token, side: WrittenSide | undefined): Problem => {
  const near = token.kind === 'word' ? nearest(token.text, openingWords) : undefined;
  const expected =
    side === undefined ? 'a condition such as host, net, port or proto' : `a word such as host or port after ${side.words.at(-1)}`;
  return expectedAt(reader.text, token, expected, near && `Did you mean ${near}?`);
};

/** The side in the words of the field: `dst bytes` is `rev bytes`. */
const chooseSide = (reader: Reader, field: Field, side: WrittenSide | undefined): Side => {
  if (side === undefined) return 'either';
  const meant = side.words.map((word) => sideAliases[word]!.find((alias) => field.sides.includes(alias)));
  const stray = meant.findIndex((word, index) => word === undefined || meant.indexOf(word) !== index);
  if (stray < 0) return side.words.length === 2 ? side.of : meant[0]!;
  const hint =
    field.sides.length === 0 ? `${field.words[0]} has no sides.` : `${field.words[0]} has the sides ${field.sides.join(' and ')}.`;
  throw faultAt(
    reader.text,
    side.at,
    `${side.words[stray]} cannot stand before ${field.words[0]}`,
    { expected: field.sides, got: side.words[stray] },
    hint,
  );
};
