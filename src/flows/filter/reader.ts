import { expectedAt, type FilterLimits, faultAt } from './fault.ts';
import type { Token } from './lexer.ts';

/** A walk over the tokens of one filter. Words are compared without case. */
export class Reader {
  readonly text: string;
  readonly limits: FilterLimits;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string, tokens: readonly Token[], limits: FilterLimits) {
    this.text = text;
    this.#tokens = tokens;
    this.limits = limits;
  }

  /** The token `ahead` of the next one, at most the end. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  /** The token in lower case if it is a keyword or a sign, else ''. */
  word(ahead = 0): string {
    const token = this.peek(ahead);
    return token.kind === 'word' || token.kind === 'sign' ? token.text.toLowerCase() : '';
  }

  /** Steps over the next token and returns it; the end is never stepped over. */
  step(): Token {
    const token = this.peek();
    if (!token.isEnd) this.#next++;
    return token;
  }

  /** Steps over the next token if it is this keyword or sign. */
  take(word: string): boolean {
    if (this.word() !== word) return false;
    this.#next++;
    return true;
  }

  /**
   * One value, or after `in` the values of `[a b c]`, `[a, b, c]` or `(a, b, c)`: calls `read` for each, with the
   * reader before it. `isListed` tells whether `in` was read already.
   */
  readValues(expected: string, isListed: boolean, read: (isListed: boolean) => void): void {
    if (!isListed) {
      read(false);
      return;
    }
    const close = this.take('[') ? ']' : this.take('(') ? ')' : undefined;
    if (close === undefined) throw expectedAt(this.text, this.peek(), '[', 'A list is written in [80 443] or in [80, 443].');
    for (let items = 0; ; items++) {
      if (items === this.limits.items) throw faultAt(this.text, this.peek(), `a list may have ${items} values`, { limit: items });
      if (this.peek().isEnd) throw expectedAt(this.text, this.peek(), items === 0 ? expected : [expected, close]);
      read(true);
      const hasComma = this.take(',');
      if (!hasComma && this.take(close)) return;
    }
  }
}
