/**
 * Finds out whether a text of up to 12 octets may need escaping, four octets at a time and without a branch that depends
 * on the text. What is found here is a suspicion: it is never missing where an octet needs escaping, and rarely there
 * where none does, so that the slow way decides.
 */

/** The lowest octet that names and numbers have many of, `-`: below it everything may be suspected at no loss. */
const common = 0x2d;

const spread = (octet: number): string => `0x${octet.toString(16).padStart(2, '0').repeat(4)}`;

/** Whether two octets differ in one bit only. */
const areTwins = (a: number, b: number): boolean => ((a ^ b) & ((a ^ b) - 1)) === 0;

/** One of the four octets is 0: bit 7 of it is set in the value of this expression. */
const hasZero = (word: string): string => `((${word}) - 0x01010101) & ~(${word})`;

/**
 * The source of an expression over the 32-bit variable `word` that has bit 7 of some octet set where an octet of it is a
 * control (0 to 31) or one of `escaped`.
 */
export const suspicion = (word: string, escaped: readonly number[]): string => {
  const low = escaped.filter((octet) => octet < common);
  const below = Math.max(0x1f, ...low) + 1;
  const terms = [`(${word} - ${spread(below)}) & ~${word}`];
  if (escaped.some((octet) => octet >= 0x80)) terms.push(word);
  const others = escaped.filter((octet) => octet >= common && octet < 0x80);
  while (others.length > 0) {
    const first = others.shift()!;
    const twin = others.findIndex((octet) => areTwins(first, octet));
    const same = twin < 0 ? 0 : first ^ others.splice(twin, 1)[0]!;
    const folded = same === 0 ? word : `(${word} | ${spread(same)})`;
    terms.push(hasZero(`${folded} ^ ${spread(first | same)}`));
  }
  return terms.map((term) => `(${term})`).join(' | ');
};

/** For each length of a text in place (13 lengths a word): blanks in the octets of that word behind its end, which are 0. */
export const blanks = new Int32Array(39);
for (let length = 0; length < 13; length++) {
  // `~` is in no notation, so what stands behind the end is never suspected.
  for (let octet = length; octet < 12; octet++) blanks[(octet >> 2) * 13 + length]! |= 0x7e << ((octet & 3) * 8);
}

/** Has bit 7 of some octet set where the text of three words and so many octets, at least one, may need escaping. */
export type Suspects = (first: number, second: number, third: number, length: number) => number;

/** Compiled for the octets that a notation escapes. */
export const suspectsOf = (escaped: readonly number[]): Suspects => {
  const word = (name: string, n: number): string => `const s${n} = ${name} | blanks[length + ${n * 13}];`;
  const words = ['first', 'second', 'third'].map(word).join(' ');
  const found = [0, 1, 2].map((n) => `(${suspicion(`s${n}`, escaped)})`).join(' | ');
  const source = `return (first, second, third, length) => { ${words} return (${found}) & 0x80808080; };`;
  return new Function('blanks', source)(blanks) as Suspects;
};
