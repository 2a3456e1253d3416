/** JSON objects into batches: what NDJSON and a JSON array have in common. */
import type { OwnFormatOptions } from './csv.ts';
import type { RowPlan } from './flow-rows.ts';
import { FlowRows, planRow, shapeOf } from './flow-rows.ts';
import type { JsonFlow } from './json-flow.ts';
import { readJsonFlow } from './json-flow.ts';
import type { RowFault } from './rows.ts';

export class JsonRows {
  readonly #options: OwnFormatOptions;
  readonly #unit: 'line' | 'element';
  #plan: RowPlan = planRow([]);
  #flows: FlowRows | undefined;

  /** `unit` is what messages call the place of an object. */
  constructor(options: OwnFormatOptions, unit: 'line' | 'element') {
    this.#options = options;
    this.#unit = unit;
  }

  get rows(): number {
    return this.#flows?.rows ?? 0;
  }

  get unordered(): number {
    return this.#flows?.unordered ?? 0;
  }

  /** Takes the text of one object; `place` is its line or its number in the array. */
  take(octets: Uint8Array, place: number): void {
    const flow = readJsonFlow(octets);
    const fault = 'names' in flow ? this.#write(flow, place) : flow;
    if (fault !== undefined) this.#options.badRows.add({ line: place, unit: this.#unit, ...fault });
  }

  #write({ names, values }: JsonFlow, place: number): Omit<RowFault, 'line'> | undefined {
    const plan = this.#planFor(names);
    if (plan.fault !== undefined) return { expected: 'the columns of a flow', got: plan.fault, value: names.join(',') };
    this.#flows ??= new FlowRows(this.#options.open(shapeOf(plan, values)));
    const fault = this.#flows.write(plan, values, place);
    return fault && { name: names[fault.index], value: values[fault.index], expected: fault.expected };
  }

  /** Rows of one file mostly have the same keys in the same order, so the last plan mostly fits. */
  #planFor(names: readonly string[]): RowPlan {
    const last = this.#plan;
    if (names.length !== last.names.length || names.some((name, i) => name !== last.names[i])) this.#plan = planRow(names);
    return this.#plan;
  }
}
