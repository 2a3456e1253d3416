/** What the parts of the suite of engines have in common: the engine that is tried, and short words for what is asked of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyEngine, Space } from '../engine.ts';
import type { Change } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';

/** An engine as its test hands it in. */
export type EngineUnderTest = {
  /** Opens the store, started; again after `stop`, for the tests of what stays. */
  open(): Promise<KeyEngine>;
  /** Removes what it kept. */
  remove(): Promise<void>;
  /** Why it keeps nothing over a restart; the tests of that are skipped. */
  forgets?: string;
  /** Changes it keeps of a space. */
  historyKept: number;
  /** Octets of the longest path that it takes; left out where there is no limit. */
  longestPath?: number;
  /** Octets of the greatest value that it takes; left out where there is no limit. */
  greatestValue?: number;
  /** Runs of the comparison with the model; 100 when left out. */
  modelRuns?: number;
};

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

/** Waits until a look answers true, for as long as the test may last. */
export async function eventually(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(5);
}

/** The fault that a promise ends in, as `kind cause`; fails when there is none. */
export async function faultOf(promise: Promise<unknown>): Promise<KeyFault> {
  const fault = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof KeyFault)) throw new Error(`expected a fault, got ${fault === undefined ? 'success' : String(fault)}`);
  return fault;
}

/** An engine on trial; its methods may be taken from it and called alone. */
export class Trial {
  #subject: EngineUnderTest | undefined;
  #engine: KeyEngine | undefined;
  #folders = 0;

  get subject(): EngineUnderTest {
    return this.#subject as EngineUnderTest;
  }

  /** As it is open now. */
  get engine(): KeyEngine {
    return this.#engine as KeyEngine;
  }

  async begin(subject: EngineUnderTest): Promise<void> {
    this.#subject = subject;
    await this.reopen();
  }

  /** Opens the store, again after the engine was stopped. */
  async reopen(): Promise<void> {
    this.#engine = await this.subject.open();
  }

  async end(): Promise<void> {
    await this.#engine?.stop();
    await this.#subject?.remove();
  }

  /** A directory that no other test uses. */
  readonly fresh = (): Path => `/test-${++this.#folders}`;
  readonly write = async (...operations: Operation[]): Promise<readonly Change[]> => await this.engine.write('public', operations);
  readonly one = async (operation: Operation): Promise<Change> => (await this.write(operation))[0] as Change;
  readonly set = (path: Path, value = '', rest: Partial<Operation> = {}): Promise<Change> =>
    this.one({ action: 'set', path, value: bytes(value), ...rest });
  readonly valueAt = async (path: Path, space: Space = 'public'): Promise<string> => text((await this.engine.read(space, path)).node.value);
  readonly indexNow = async (space: Space = 'public'): Promise<number> => (await this.engine.read(space, '/')).index;

  /** Collects what a follower is told while some work is done. */
  readonly told = async (work: () => Promise<unknown>, space: Space = 'public'): Promise<Change[]> => {
    const changes: Change[] = [];
    const end = this.engine.follow(space, (more) => changes.push(...more));
    await work();
    const index = await this.indexNow(space);
    await eventually(() => this.engine.followed(space) >= index);
    end();
    return changes;
  };

  /** Waits until a node is no more. */
  readonly untilGone = (path: string): Promise<void> =>
    eventually(() =>
      this.engine.read('public', path).then(
        () => false,
        () => true,
      ),
    );
}
