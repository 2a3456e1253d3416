/** A line of CSV (RFC 4180, but for line breaks within quotes). */

/** The values of a line, or what was expected where its quotes do not fit. */
export const splitCsv = (line: string): string[] | string => {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  for (let at = 0; at <= line.length; ) {
    const end = line[at] === '"' ? closingQuote(line, at + 1) + 1 : endOfPlain(line, at);
    if (end === 0) return 'a closing quote on the same line';
    if (line[at] !== '"' && line.slice(at, end).includes('"')) return 'quotes around a whole value, doubled inside';
    if (end < line.length && line[end] !== ',') return 'a comma behind a closing quote';
    cells.push(line[at] === '"' ? line.slice(at + 1, end - 1).replaceAll('""', '"') : line.slice(at, end));
    at = end + 1;
  }
  return cells;
};

const endOfPlain = (line: string, from: number): number => {
  const comma = line.indexOf(',', from);
  return comma < 0 ? line.length : comma;
};

/** The place of the quote that ends a value; -1 where there is none. Doubled quotes belong to the value. */
const closingQuote = (line: string, from: number): number => {
  let at = line.indexOf('"', from);
  while (at >= 0 && line[at + 1] === '"') at = line.indexOf('"', at + 2);
  return at;
};
