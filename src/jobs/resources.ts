/**
 * What a job needs, as Accelerator writes it: `NAME` (has it, or takes one), `NAME#N` (the host offers N at least), `NAME/N` (takes N while it
 * runs), `!NAME` or `NOT NAME`; a blank, `&` or `AND` for and; `|` or `OR` for or, which binds less; brackets.
 */
import { Problem } from '../core/problem.ts';

/** One way to satisfy a job: all of it at once on one host. */
export type Need = {
  /** Amounts taken while it runs. */
  takes: Record<string, number>;
  /** Amounts that the host must have in all. */
  atLeast?: Record<string, number>;
  /** Amounts that the host must stay below. */
  below?: Record<string, number>;
  /** Words that the host must have; of a thing that is counted, one is taken. */
  has?: string[];
  not?: string[];
};

/** An expression with more ways than this is refused: each is tried at each turn. */
const mostWays = 64;
const longest = 2000;
const largestAmount = 1e12;

type Term = { kind: 'has' | 'not' | 'takes' | 'atLeast' | 'below'; name: string; amount: number };
type Ways = Term[][];

/** The ways to satisfy an expression; the empty one has a single way, which takes one core. Throws `unprocessable`. */
export function parseResources(text: string, pointer = '/resources'): Need[] {
  if (text.length > longest) throw fault(pointer, `it has more than ${longest} characters`);
  const tokens = tokensOf(text, pointer);
  if (tokens.length === 0) return [{ takes: { CORES: 1 } }];
  const parser = new Parser(tokens, pointer);
  return parser.read().map(needOf);
}

function needOf(terms: readonly Term[]): Need {
  const need: Required<Need> = { takes: {}, atLeast: {}, below: {}, has: [], not: [] };
  for (const { kind, name, amount } of terms) {
    if (kind === 'has' || kind === 'not') need[kind].push(name);
    else if (kind === 'takes') need.takes[name] = (need.takes[name] ?? 0) + amount;
    else if (kind === 'atLeast') need.atLeast[name] = Math.max(need.atLeast[name] ?? 0, amount);
    else need.below[name] = Math.min(need.below[name] ?? amount, amount);
  }
  // Every process needs a core; who says CORES says how many.
  if (need.takes.CORES === undefined && !need.has.includes('CORES')) need.takes.CORES = 1;
  return {
    takes: need.takes,
    ...(Object.keys(need.atLeast).length > 0 && { atLeast: need.atLeast }),
    ...(Object.keys(need.below).length > 0 && { below: need.below }),
    ...(need.has.length > 0 && { has: need.has }),
    ...(need.not.length > 0 && { not: need.not }),
  };
}

const token = /\s*(?:([&|!()])|([A-Za-z_][A-Za-z0-9_.:@-]*)(?:([#/])([^\s&|!()]*))?)/y;

type Token = { sign: string; name: string; operator: string; amount: number };

function tokensOf(text: string, pointer: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const from = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw fault(pointer, `nothing fits at character ${from + 1}: ${JSON.stringify(text.slice(from, from + 20))}`);
    const [, sign = '', name = '', operator = '', digits = ''] = match;
    const amount = operator === '' ? 1 : Number(digits);
    if (operator !== '' && (!/^\d{1,12}$/.test(digits) || amount > largestAmount))
      throw fault(pointer, `${name}${operator} needs a whole number, got ${JSON.stringify(digits.slice(0, 20))}`);
    const word = name === 'AND' ? '&' : name === 'OR' ? '|' : name === 'NOT' ? '!' : '';
    tokens.push(word !== '' && operator === '' ? { sign: word, name: '', operator: '', amount: 1 } : { sign, name, operator, amount });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #pointer: string;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], pointer: string) {
    this.#tokens = tokens;
    this.#pointer = pointer;
  }

  read(): Ways {
    const ways = this.#or(false);
    if (this.#at < this.#tokens.length) throw fault(this.#pointer, `${this.#shown()} stands where nothing more is expected`);
    return ways;
  }

  // Negation is carried down to the names: then what was an or is an and (De Morgan).
  #or(isNegated: boolean): Ways {
    let ways = this.#and(isNegated);
    while (this.#take('|')) {
      const more = this.#and(isNegated);
      ways = isNegated ? this.#both(ways, more) : this.#either(ways, more);
    }
    return ways;
  }

  #and(isNegated: boolean): Ways {
    let ways = this.#not(isNegated);
    for (;;) {
      const isSaid = this.#take('&');
      const next = this.#tokens[this.#at];
      if (!isSaid && (next === undefined || next.sign === '|' || next.sign === ')')) return ways;
      const more = this.#not(isNegated);
      ways = isNegated ? this.#either(ways, more) : this.#both(ways, more);
    }
  }

  #not(isNegated: boolean): Ways {
    if (this.#take('!')) return this.#nested(() => this.#not(!isNegated));
    if (this.#take('(')) {
      const ways = this.#nested(() => this.#or(isNegated));
      if (!this.#take(')')) throw fault(this.#pointer, 'a bracket is not closed');
      return ways;
    }
    const next = this.#tokens[this.#at];
    if (next === undefined || next.name === '') throw fault(this.#pointer, `a name is expected, got ${this.#shown()}`);
    this.#at++;
    return [[this.#term(next, isNegated)]];
  }

  #term({ name, operator, amount }: Token, isNegated: boolean): Term {
    if (operator === '/' && isNegated) throw fault(this.#pointer, `what is taken cannot be denied: ${name}/${amount}`);
    if (operator === '/') return { kind: 'takes', name, amount };
    if (operator === '#') return { kind: isNegated ? 'below' : 'atLeast', name, amount };
    return { kind: isNegated ? 'not' : 'has', name, amount };
  }

  #nested(read: () => Ways): Ways {
    if (++this.#depth > 50) throw fault(this.#pointer, 'it is nested more than 50 deep');
    const ways = read();
    this.#depth--;
    return ways;
  }

  #either(some: Ways, others: Ways): Ways {
    return this.#bounded([...some, ...others]);
  }

  #both(some: Ways, others: Ways): Ways {
    if (some.length * others.length > mostWays) throw this.#tooMany();
    return this.#bounded(some.flatMap((one) => others.map((other) => [...one, ...other])));
  }

  #bounded(ways: Ways): Ways {
    if (ways.length > mostWays) throw this.#tooMany();
    return ways;
  }

  #tooMany = (): Problem => fault(this.#pointer, `it can be satisfied in more than ${mostWays} ways`);

  #take(sign: string): boolean {
    if (this.#tokens[this.#at]?.sign !== sign) return false;
    this.#at++;
    return true;
  }

  #shown(): string {
    const next = this.#tokens[this.#at];
    return next === undefined ? 'the end' : JSON.stringify(next.sign || next.name);
  }
}

const fault = (pointer: string, detail: string): Problem =>
  new Problem('unprocessable', 'The resources cannot be read.', {
    detail,
    hint: "'CORES/2 RAM/500 & !slow', 'linux64 | linux32'",
    pointer,
  });
