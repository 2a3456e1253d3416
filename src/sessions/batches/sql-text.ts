/** What sets the statements of two kinds of SQL apart: DuckDB has `$$texts$$`, Spark has `\'` within texts and backquoted names. */
export type Dialect = 'duckdb' | 'spark';

/** One statement of a file, and the line on which it begins, from 1. */
export type FileStatement = { code: string; line: number };

const between = {
  duckdb: /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|(\$[A-Za-z_]*\$)[\s\S]*?(?:\1|$)|;/g,
  spark: /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|\\[\s\S])*(?:'|$)|"(?:[^"\\]|\\[\s\S])*(?:"|$)|`(?:[^`]|``)*(?:`|$)|;/g,
};

/** The statements of a file, which end with semicolons outside of texts, names and comments. Empty ones are left out. */
export function statementsOf(text: string, dialect: Dialect): FileStatement[] {
  const found: FileStatement[] = [];
  let from = 0;
  let line = 1;
  const take = (to: number) => {
    const piece = text.slice(from, to);
    const blank = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*/.exec(piece)?.[0] ?? '';
    if (blank.length < piece.length) found.push({ code: piece.slice(blank.length), line: line + linesIn(blank) });
    line += linesIn(piece);
    from = to + 1;
  };
  for (const match of text.matchAll(between[dialect])) if (match[0] === ';') take(match.index);
  take(text.length);
  return found;
}

const linesIn = (text: string): number => text.split('\n').length - 1;
