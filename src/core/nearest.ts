/** Longer words are nobody's typing mistake, and the comparison costs the product of the two lengths. */
const longestWord = 64;

/**
 * The candidate that a person most likely meant by `word`: the one with the fewest edits (insert, delete, replace, swap of
 * neighbours; case does not count), at most one edit for each three letters. Of equals one that continues the word wins,
 * then the first; undefined when none is near. For hints beside "unknown setting", "unknown parameter", "unknown word".
 */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  if (word.length === 0 || word.length > longestWord) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 0.5;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > least) continue;
    const lower = candidate.toLowerCase();
    const distance = countEdits(wanted, lower) - (lower.startsWith(wanted) ? 0.5 : 0);
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
};

/** Optimal string alignment distance, with three rows of the table instead of all. */
const countEdits = (a: string, b: string): number => {
  let twoUp: number[] = [];
  let up = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let edits = Math.min(up[column]! + 1, current[column - 1]! + 1, up[column - 1]! + same);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) edits = Math.min(edits, twoUp[column - 2]! + 1);
      current.push(edits);
    }
    twoUp = up;
    up = current;
  }
  return up[b.length]!;
};
