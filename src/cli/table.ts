import { styleText } from 'node:util';

/** A column of a table for people. */
export type TableColumn<Row> = {
  title: string;
  /** Numbers stand at the right and are never cut; text at the left, cut with … where the terminal is too narrow. */
  align?: 'left' | 'right';
  show: (row: Row) => string;
};

export type TableOptions = {
  /** Cells of the terminal; leave out where the table does not go to one, and nothing is cut. */
  width?: number | undefined;
  color?: boolean;
};

const gap = '  ';
// Below this an address or a name says nothing any more.
const narrowest = 6;

/** Lines of a table: one head, one line a row. Control characters of hostile names are made visible, never sent on. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], options: TableOptions = {}): string[] {
  const cells = rows.map((row) => columns.map((column) => makeVisible(column.show(row))));
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, i) => Math.max(...[titles, ...cells].map((line) => displayWidth(line[i] as string))));
  shrink(widths, columns, options.width);
  const format = (line: readonly string[]) =>
    line
      .map((cell, i) => pad(cell, widths[i] as number, columns[i]?.align))
      .join(gap)
      .trimEnd();
  const head = format(titles);
  return [options.color ? styleText('bold', head, { validateStream: false }) : head, ...cells.map(format)];
}

// The widest text column gives way first, cell by cell, until the line fits or no column can.
function shrink<Row>(widths: number[], columns: readonly TableColumn<Row>[], width: number | undefined): void {
  if (width === undefined) return;
  let excess = widths.reduce((sum, w) => sum + w, 0) + gap.length * (widths.length - 1) - width;
  while (excess > 0) {
    let widest = -1;
    columns.forEach((column, i) => {
      if (column.align === 'right' || (widths[i] as number) <= narrowest) return;
      if (widest === -1 || (widths[i] as number) > (widths[widest] as number)) widest = i;
    });
    if (widest === -1) return;
    widths[widest] = (widths[widest] as number) - 1;
    excess--;
  }
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, width);
  const blank = ' '.repeat(width - displayWidth(cut));
  return align === 'right' ? blank + cut : cut + blank;
}

// Made at the first text that is not plain ASCII: it loads tables of Unicode.
let segmenter: Intl.Segmenter | undefined;

function segmentsOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const plain = /^[\x20-\x7e]*$/;
// East Asian Wide and Fullwidth (Unicode Standard Annex 11) in the ranges that names use, and emoji.
const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|.\ufe0f)/u;
const zeroWidth = /^[\p{Mark}\u200b-\u200f\ufeff]+$/u;

/** Cells that a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmentsOf(text)) width += segmentWidth(segment);
  return width;
}

const segmentWidth = (segment: string): number => (zeroWidth.test(segment) ? 0 : wide.test(segment) ? 2 : 1);

/** The text in at most `width` cells, its end replaced by … where it is longer. */
export function cutTo(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of segmentsOf(text)) {
    const next = segmentWidth(segment);
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut}…`;
}

/** Control characters and direction marks as `\xNN`, so that a name from the wire cannot drive the terminal. */
export const makeVisible = (text: string): string =>
  text.replace(control, (char) => {
    const code = char.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
