/** The indexes of an array, as Slurm writes them: `0-31:2%4` are 0, 2 … 30, four at once; `1,5,9-11`. */
export type ArrayRange = { indexes: number[]; atOnce?: number };

const largestIndex = 10_000_000;

/** Reads a range of at most `most` indexes, or says what is wrong with it. */
export function readArrayRange(text: string, most: number): ArrayRange | string {
  const [list = '', limit, ...more] = text.split('%');
  if (more.length > 0 || (limit !== undefined && !/^[1-9]\d{0,5}$/.test(limit))) return 'behind % stands how many run at once';
  const indexes = new Set<number>();
  for (const part of list.split(',')) {
    const match = /^(\d{1,8})(?:-(\d{1,8})(?::([1-9]\d{0,7}))?)?$/.exec(part);
    if (match === null) return `${JSON.stringify(part.slice(0, 40))} is no index and no range such as 0-31 or 0-31:2`;
    const from = Number(match[1]);
    const to = Number(match[2] ?? from);
    if (to < from) return `the range ${part} goes backwards`;
    if (to > largestIndex) return `an index is ${largestIndex} at most`;
    for (let index = from; index <= to; index += Number(match[3] ?? 1)) {
      indexes.add(index);
      if (indexes.size > most) return `it has more than ${most} jobs (setting jobs.array)`;
    }
  }
  return { indexes: [...indexes].sort((a, b) => a - b), ...(limit !== undefined && { atOnce: Number(limit) }) };
}
