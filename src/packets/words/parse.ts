/**
 * Filter words on decoded fields, in the manner of Wireshark's display filters:
 *
 *   any    = all ("or" all)*            all   = one ("and" one)*
 *   one    = "not" one | "(" any ")" | NAME | NAME op value | NAME "in" "{" value ("," value)* "}"
 *   op     = == != < <= > >= contains   (also eq ne lt le gt ge, && || !)
 */
import { Problem } from '../../core/problem.ts';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'in';

export type Words =
  | { kind: 'and' | 'or'; parts: Words[] }
  | { kind: 'not'; part: Words }
  | { kind: 'present'; name: string; column: number }
  | { kind: 'compare'; name: string; column: number; comparison: Comparison; values: string[] };

type Token = { text: string; isQuoted: boolean; column: number };

const longest = 4096;
const deepest = 64;

const tokenForm = /\s*(?:"((?:[^"\\]|\\.)*)"|(\(|\)|\{|\}|,|==|!=|>=|<=|&&|\|\||!|>|<|[^\s(){},=!<>&|"]+)|(\S))/gy;

const spelled: Record<string, string> = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=', and: '&&', or: '||', not: '!' };
const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=', 'contains', 'in']);

/** Reads filter words; throws `invalid` with the column (from 1) of what is wrong. */
export function parseWords(text: string): Words {
  if (text.length > longest) throw new Problem('invalid', `A filter has at most ${longest} characters.`);
  return new Parser(tokens(text), text).whole();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  tokenForm.lastIndex = 0;
  for (let match = tokenForm.exec(text); match !== null; match = tokenForm.exec(text)) {
    const [all, quoted, plain, wrong] = match;
    const column = match.index + all.length - all.trimStart().length + 1;
    if (wrong !== undefined) throw wrongWords(text, column, `"${wrong}" has no meaning here`);
    if (quoted !== undefined) found.push({ text: quoted.replaceAll(/\\(.)/g, '$1'), isQuoted: true, column: match.index + 1 });
    else found.push({ text: spelled[plain as string] ?? (plain as string), isQuoted: false, column });
    if (tokenForm.lastIndex >= text.length) break;
  }
  return found;
}

class Parser {
  readonly #tokens: Token[];
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(tokens: Token[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  whole(): Words {
    const words = this.#any();
    const left = this.#tokens[this.#at];
    if (left !== undefined) throw this.#wrong(`expected "and" or "or" before "${left.text}"`);
    return words;
  }

  #any(): Words {
    return this.#list('||', 'or', () => this.#list('&&', 'and', () => this.#one()));
  }

  #list(sign: string, kind: 'and' | 'or', next: () => Words): Words {
    const parts = [next()];
    while (this.#takes(sign)) parts.push(next());
    return parts.length === 1 ? (parts[0] as Words) : { kind, parts };
  }

  #one(): Words {
    if (++this.#depth > deepest) throw this.#wrong(`more than ${deepest} levels`);
    try {
      if (this.#takes('!')) return { kind: 'not', part: this.#one() };
      if (this.#takes('(')) {
        const words = this.#any();
        if (!this.#takes(')')) throw this.#wrong('a ")" is missing');
        return words;
      }
      return this.#test();
    } finally {
      this.#depth--;
    }
  }

  #test(): Words {
    const { text: name, column } = this.#value('the name of a field');
    const next = this.#tokens[this.#at];
    if (next === undefined || next.isQuoted || !comparisons.has(next.text)) return { kind: 'present', name, column };
    this.#at++;
    const comparison = next.text as Comparison;
    const values = comparison === 'in' ? this.#set() : [this.#value('a value').text];
    return { kind: 'compare', name, column, comparison, values };
  }

  #set(): string[] {
    if (!this.#takes('{')) throw this.#wrong('expected "{" behind "in"');
    const values = [this.#value('a value').text];
    while (!this.#takes('}')) {
      this.#takes(',');
      values.push(this.#value('a value or "}"').text);
    }
    return values;
  }

  #value(what: string): Token {
    const token = this.#tokens[this.#at];
    const isSign = token !== undefined && !token.isQuoted && /^[(){},!&|=<>]/.test(token.text);
    if (token === undefined || isSign) throw this.#wrong(`expected ${what}`);
    this.#at++;
    return token;
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.isQuoted || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #wrong(detail: string): Problem {
    return wrongWords(this.#text, this.#tokens[this.#at]?.column ?? this.#text.length + 1, detail);
  }
}

/** The Problem of a filter that is wrong at a column. */
export function wrongWords(text: string, column: number, detail: string): Problem {
  return new Problem('invalid', 'This filter on fields is wrong.', {
    detail: `${detail}, at column ${column} of: ${text.slice(0, 200)}`,
    hint: "weir packets read FILE --where 'ip.src == 10.0.0.0/8 and tcp.dstport in {80, 443}'",
    facts: { column },
  });
}
