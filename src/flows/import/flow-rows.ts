/**
 * Rows of named values into batches: the half that Weir's CSV and JSON have in common. A plan says once which value goes
 * where; rows with the same columns share it.
 */
import { parseAddress } from '../../core/address-parse.ts';
import { nearest } from '../../core/nearest.ts';
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { setInteger, setPresent } from '../batch.ts';
import type { Column, ColumnName, Shape } from '../schema.ts';
import { columns, publishedColumns } from '../schema.ts';
import { cellRuleOf, writeWord } from './cells.ts';
import type { Emitter } from './emitter.ts';
import { cutValue } from './rows.ts';

/** Which columns the values of a row are, in their order. */
export type RowPlan = {
  readonly names: readonly string[];
  readonly cells: readonly Cell[];
  /** What the names lack or have too much, in words; undefined for a sound plan. */
  readonly fault: string | undefined;
  /** Columns beyond the ten that are among the names: what is not is worked out from the text of addresses and ports. */
  readonly given: ReadonlySet<string>;
};

type Cell = { readonly column: Column; readonly at: number; readonly write: ReturnType<typeof cellRuleOf> };

/** Columns that every import gives anew. Their old values are not looked at, but for `id`, which is among the ten. */
const givenAnew: ReadonlySet<string> = new Set(['source_id', 'ingested_at'] satisfies ColumnName[]);

const rules = new Map(columns.map((column, at) => [column.name as string, { column, at, write: cellRuleOf(column) }]));

/** A plan for values of these names. */
export const planRow = (names: readonly string[]): RowPlan => {
  const given = new Set(names);
  const unknown = names.find((name) => !rules.has(name));
  const missing = publishedColumns.filter((name) => !given.has(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  const fault =
    (unknown !== undefined && unknownName(unknown)) ||
    (twice !== undefined && `the column ${twice} stands here twice`) ||
    (missing.length > 0 && `the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`);
  const cells = fault ? [] : names.map((name) => rules.get(name) as Cell);
  return { names, cells, given, fault: fault || undefined };
};

const unknownName = (name: string): string => {
  const near = nearest(name, rules.keys());
  return `no column of a flow is called ${JSON.stringify(cutValue(name))}${near === undefined ? '' : ` (${near}?)`}`;
};

/**
 * The shape that rows of a plan need, seen from the first of them: `addressed` where a column is there that only this
 * shape has, or where the source is an address.
 */
export const shapeOf = (plan: RowPlan, values: readonly string[]): Shape => {
  if (plan.cells.some(({ column }) => !column.named)) return 'addressed';
  const source = values[plan.names.indexOf('src_comp')] ?? '';
  return parseAddress(source) === undefined ? 'named' : 'addressed';
};

/** A value that does not fit: its place among the values, and what was expected. */
export type CellFault = { readonly index: number; readonly expected: string };

/** IP protocols that have ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
const portProtocols: ReadonlySet<string> = new Set(['6', '17', '33', '132', '136']);

/** Fills the batches of one file. */
export class FlowRows {
  rows = 0;
  unordered = 0;
  readonly #emit: Emitter;
  #batch: FlowBatch;
  /** The columns of the batch by their canonical place; undefined where the shape has none. */
  #targets: readonly (BatchColumn | undefined)[];
  #time = 0;

  constructor(emit: Emitter) {
    this.#emit = emit;
    this.#batch = emit.batch;
    this.#targets = targetsOf(emit.batch);
  }

  /** Writes one row, `ordinal` into its id; a refused row leaves nothing behind. */
  write(plan: RowPlan, values: readonly string[], ordinal: number): CellFault | undefined {
    const row = this.#batch.count;
    const fault = this.#writeCells(plan, values, row);
    if (fault !== undefined) {
      clearRow(this.#batch, row);
      return fault;
    }
    setInteger(this.#target('id'), row, ordinal);
    if (this.#batch.shape === 'addressed') this.#workOut(plan, values, row);
    this.#finish(Number(values[plan.names.indexOf('time')]));
    return undefined;
  }

  #writeCells(plan: RowPlan, values: readonly string[], row: number): CellFault | undefined {
    for (let i = 0; i < plan.cells.length; i++) {
      const { column, at, write } = plan.cells[i] as Cell;
      const target = this.#targets[at];
      const text = values[i] as string;
      if (givenAnew.has(column.name)) continue;
      if (target === undefined) {
        if (text !== '') return { index: i, expected: 'no value, since the first row named a computer and no address' };
        continue;
      }
      const expected = write(this.#batch, target, row, text);
      if (expected !== undefined) return { index: i, expected };
    }
    return undefined;
  }

  /** What an addressed flow has beside its texts, where the file does not tell. */
  #workOut(plan: RowPlan, values: readonly string[], row: number): void {
    const value = (name: string) => values[plan.names.indexOf(name)] as string;
    const { given } = plan;
    const hasPorts = portProtocols.has(value('protocol'));
    for (const end of ['src', 'dst'] as const) {
      const address = parseAddress(value(`${end}_comp`));
      if (address !== undefined && !given.has(`${end}_addr_hi`) && !given.has(`${end}_addr_lo`)) {
        this.#set(`${end}_addr_hi`, row, address.hi);
        this.#set(`${end}_addr_lo`, row, address.lo);
      }
      if (address !== undefined && !given.has('ip_version')) this.#set('ip_version', row, BigInt(address.version));
      const port = value(`${end}_port`);
      if (hasPorts && /^\d/.test(port) && !given.has(`${end}_port_num`)) this.#set(`${end}_port_num`, row, BigInt(port));
    }
  }

  #set(name: ColumnName, row: number, value: bigint): void {
    const target = this.#target(name);
    writeWord(target, row, value);
    setPresent(target, row);
  }

  #target(name: ColumnName): BatchColumn {
    return this.#targets[(rules.get(name) as Cell).at] as BatchColumn;
  }

  #finish(time: number): void {
    if (time < this.#time) this.unordered++;
    this.#time = time;
    this.rows++;
    this.#batch.count++;
    if (!this.#batch.isFull) return;
    this.#batch = this.#emit.full();
    this.#targets = targetsOf(this.#batch);
  }
}

const targetsOf = (batch: FlowBatch): readonly (BatchColumn | undefined)[] =>
  columns.map(({ name }) => batch.columns.find((target) => target.column.name === name));

/** Makes every nullable value of a row NULL again. */
const clearRow = (batch: FlowBatch, row: number): void => {
  for (const { validity } of batch.columns) if (validity !== undefined) validity[row >> 3]! &= ~(1 << (row & 7));
};
