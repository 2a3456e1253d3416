/**
 * Decides whether what clients saw of one register can be explained by some order in which the operations took effect, each at one
 * moment between its call and its return (Wing and Gong 1993; the list and the memory of states as in Lowe, "Testing for
 * linearizability", 2017). It is sound and complete; the memory keeps it quick for histories of thousands of operations with tens at once.
 */

/** One operation on the register, whose value is a text or `undefined` when there is none. */
export type Operation = {
  /** When it began and ended, on one clock; no two moments are equal. An operation that never returned ends at `Infinity`. */
  readonly call: number;
  readonly back: number;
} & (
  | { readonly kind: 'read'; readonly seen: string | undefined }
  | { readonly kind: 'write'; readonly value: string | undefined }
  | { readonly kind: 'swap'; readonly expected: string; readonly value: string; readonly isDone: boolean }
);

type Value = string | undefined;

/** A call or a return in the list of moments; `match` is the return of a call. */
type Moment = {
  at: number;
  number: number;
  operation: Operation;
  match: Moment | undefined;
  before: Moment | undefined;
  after: Moment | undefined;
};

/** True when there is such an order, beginning with the given value. */
export function isLinearizable(operations: readonly Operation[], initial: Value = undefined): boolean {
  const head = listOf(operations.filter((operation) => operation.kind !== 'read' || operation.back !== Infinity));
  const taken = new Uint32Array(Math.ceil(operations.length / 32));
  const known = new Set<string>();
  const stack: { moment: Moment; value: Value }[] = [];
  let value = initial;
  let moment = head.after;
  while (head.after !== undefined) {
    if (moment?.match !== undefined) {
      const outcome = apply(moment.operation, value);
      if (outcome !== undefined && isNew(known, taken, moment.number, outcome.value)) {
        stack.push({ moment, value });
        value = outcome.value;
        flip(taken, moment.number);
        lift(moment);
        moment = head.after;
      } else moment = moment.after;
    } else {
      // An operation returned that has not taken effect: the last choice was wrong.
      const last = stack.pop();
      if (last === undefined) return false;
      value = last.value;
      flip(taken, last.moment.number);
      unlift(last.moment);
      moment = last.moment.after;
    }
  }
  return true;
}

/** The value behind an operation; undefined when it cannot take effect here with the result that it had. */
function apply(operation: Operation, value: Value): { value: Value } | undefined {
  const isPending = operation.back === Infinity;
  if (operation.kind === 'read') return operation.seen === value ? { value } : undefined;
  if (operation.kind === 'write') return { value: operation.value };
  const fits = operation.expected === value;
  if (!isPending && operation.isDone !== fits) return undefined;
  return { value: fits ? operation.value : value };
}

function isNew(known: Set<string>, taken: Uint32Array, number: number, value: Value): boolean {
  flip(taken, number);
  const state = `${taken.join()} ${value === undefined ? '' : `=${value}`}`;
  flip(taken, number);
  if (known.has(state)) return false;
  known.add(state);
  return true;
}

function flip(bits: Uint32Array, number: number): void {
  bits[number >> 5] = ((bits[number >> 5] ?? 0) ^ (1 << (number & 31))) >>> 0;
}

function listOf(operations: readonly Operation[]): Moment {
  const moments: Moment[] = [];
  for (const [number, operation] of operations.entries()) {
    const back: Moment = { at: operation.back, number, operation, match: undefined, before: undefined, after: undefined };
    moments.push({ ...back, at: operation.call, match: back }, back);
  }
  moments.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const head: Moment = {
    at: -1,
    number: -1,
    operation: { kind: 'read', seen: undefined, call: -1, back: -1 },
    match: undefined,
    before: undefined,
    after: undefined,
  };
  let last = head;
  for (const moment of moments) {
    last.after = moment;
    moment.before = last;
    last = moment;
  }
  return head;
}

/** Takes a call and its return out of the list. */
function lift(moment: Moment): void {
  for (const each of [moment, moment.match as Moment]) {
    (each.before as Moment).after = each.after;
    if (each.after !== undefined) each.after.before = each.before;
  }
}

/** Puts them back where they were. */
function unlift(moment: Moment): void {
  for (const each of [moment.match as Moment, moment]) {
    (each.before as Moment).after = each;
    if (each.after !== undefined) each.after.before = each;
  }
}
