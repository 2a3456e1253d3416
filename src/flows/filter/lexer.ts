import { faultAt } from './fault.ts';

/**
 * A piece of a filter. `word` is anything between blanks, brackets, commas, comparisons and quotes, so addresses, ranges and
 * times are words; `name` stood in double quotes and is never a keyword; `text` has quotes and escapes taken off.
 */
export type Token = {
  readonly kind: 'word' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly offset: number;
  readonly isEnd: boolean;
};

// One alternative for each kind and no repetition inside a repetition: linear whatever the text.
const pattern = /\s+|(&&|\|\||[<>=!]=|[<>=!()[\],])|"((?:[^"\\]|\\["\\])*)"|([^\s<>=!()[\],"&|]+)/y;

/** Cuts a filter into tokens; the last one is the end. Throws a Problem for a lone `&`, `|` or an open quote. */
export const readTokens = (filter: string): Token[] => {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < filter.length) {
    pattern.lastIndex = offset;
    const match = pattern.exec(filter);
    if (match === null) throw strayAt(filter, offset);
    const [all, sign, name, word] = match;
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, offset, isEnd: false });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name.replace(/\\(.)/g, '$1'), offset, isEnd: false });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, offset, isEnd: false });
    offset += all.length;
  }
  tokens.push({ kind: 'end', text: '', offset: filter.length, isEnd: true });
  return tokens;
};

const strayAt = (filter: string, offset: number) => {
  const text = filter[offset]!;
  const place = { offset, text, isEnd: false };
  if (text === '"')
    return faultAt(
      filter,
      place,
      'this quote is never closed',
      { expected: ['"'], got: null },
      'Inside quotes write \\" for a quote and \\\\ for a backslash.',
    );
  return faultAt(filter, place, `expected ${text}${text}, got ${JSON.stringify(text)}`, { expected: [text + text], got: text });
};
