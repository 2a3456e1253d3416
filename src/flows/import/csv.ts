/**
 * Weir's own CSV back again: a heading with names of columns, then a row a line, quoted as RFC 4180 section 2 says. A
 * quoted value stays on its line: no column holds a line break, so one in quotes is a bad row and not a longer one.
 */
import { isUtf8 } from 'node:buffer';
import { Problem } from '../../core/problem.ts';
import type { Shape } from '../schema.ts';
import { columns } from '../schema.ts';
import { splitCsv } from './csv-line.ts';
import type { Emitter } from './emitter.ts';
import type { RowPlan } from './flow-rows.ts';
import { FlowRows, planRow, shapeOf } from './flow-rows.ts';
import { textOf } from './lanl-row.ts';
import type { TextParser } from './parser.ts';
import type { BadRows } from './rows.ts';
import { SingleLines } from './single-lines.ts';

/** What the parsers of Weir's own formats are made of. `open` is called once, with the shape that the first row asks for. */
export type OwnFormatOptions = {
  readonly open: (shape: Shape) => Emitter;
  readonly badRows: BadRows;
};

/** Reads Weir's CSV; `id` of a row is its place below the heading, from 1. A heading that does not fit is a Problem. */
export const createCsvParser = (options: OwnFormatOptions): TextParser => new CsvReader(options);

class CsvReader implements TextParser {
  readonly #options: OwnFormatOptions;
  readonly #lines: SingleLines;
  #plan: RowPlan | undefined;
  #rows: FlowRows | undefined;

  constructor(options: OwnFormatOptions) {
    this.#options = options;
    this.#lines = new SingleLines('a row', options.badRows, (bytes, start, end, line) => this.#take(bytes, start, end, line));
  }

  get lines(): number {
    return this.#lines.count;
  }

  get rows(): number {
    return this.#rows?.rows ?? 0;
  }

  get unordered(): number {
    return this.#rows?.unordered ?? 0;
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
  }

  #take(bytes: Uint8Array, start: number, end: number, line: number): void {
    const octets = bytes.subarray(start, end);
    const cells = isUtf8(octets) ? splitCsv(textOf(octets)) : 'text in UTF-8';
    if (this.#plan === undefined) this.#plan = planHeading(cells, textOf(octets));
    else if (typeof cells === 'string') this.#options.badRows.add({ line, expected: cells, value: textOf(octets) });
    else this.#row(this.#plan, cells, line, octets);
  }

  #row(plan: RowPlan, cells: readonly string[], line: number, octets: Uint8Array): void {
    const { badRows, open } = this.#options;
    if (cells.length !== plan.names.length) {
      badRows.add({ line, expected: `${plan.names.length} columns`, got: String(cells.length), value: textOf(octets) });
      return;
    }
    this.#rows ??= new FlowRows(open(shapeOf(plan, cells)));
    const fault = this.#rows.write(plan, cells, line - 1);
    if (fault === undefined) return;
    const { index, expected } = fault;
    badRows.add({ line, column: index + 1, name: plan.names[index], value: cells[index], expected });
  }
}

const planHeading = (cells: readonly string[] | string, line: string): RowPlan => {
  const plan = typeof cells === 'string' ? undefined : planRow(cells);
  if (plan !== undefined && plan.fault === undefined) return plan;
  throw new Problem('unprocessable', `line 1: expected a heading with names of columns; ${plan?.fault ?? `expected ${cells}`}`, {
    hint: `the columns are ${columns.map(({ name }) => name).join(', ')}; the first ten must be there, in any order`,
    facts: { line: 1, value: line.slice(0, 80), expected: 'a heading with names of columns' },
  });
};
