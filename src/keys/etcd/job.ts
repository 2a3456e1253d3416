import type { Change } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';

/** A write that is not answered by then ends as `unavailable`, as etcd 3.4 has it (5 s and two election timeouts). */
const answerMs = 7000;

/** One write on its way: it ends once, at the latest when its time is over. */
export class Job {
  readonly operations: readonly Operation[];
  /** The key of a deadline that brought this job about: it goes when no node has that deadline. */
  readonly deadlineKey: string | undefined;
  readonly done: Promise<readonly Change[]>;
  readonly #timer: NodeJS.Timeout;
  #resolve!: (changes: readonly Change[]) => void;
  #reject!: (fault: KeyFault) => void;
  #isSettled = false;

  /** `overdue` tells the fault when nothing else ended it. */
  constructor(operations: readonly Operation[], { deadlineKey, overdue }: { deadlineKey?: string | undefined; overdue: () => KeyFault }) {
    this.operations = operations.map(owned);
    this.deadlineKey = deadlineKey;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.settle(overdue()), answerMs);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  settle(result: readonly Change[] | KeyFault): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    if (result instanceof KeyFault) this.#reject(result);
    else this.#resolve(result);
  }
}

/** The caller may do with his bytes what he likes as soon as he has handed them in. */
function owned(operation: Operation): Operation {
  const { value, prevValue } = operation;
  return {
    ...operation,
    ...(value === undefined ? {} : { value: Buffer.from(value) }),
    ...(prevValue === undefined ? {} : { prevValue: Buffer.from(prevValue) }),
  };
}
