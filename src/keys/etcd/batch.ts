import { applyChange, type Change, isRemoval } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';
import { childOf, depthOf, type Path, parentOf, root } from '../tree/path.ts';
import { orderedName } from '../tree/plan.ts';
import { Overlay, planAll } from '../tree/plan-all.ts';
import { byteLimit, bytesOfSteps, costOf, Draft, stepLimit } from './draft.ts';
import { encodeRecord, newToken, recordOverhead } from './event-record.ts';
import type { Job } from './job.ts';
import { type Known, KnownView, type Missing } from './known.ts';
import { bytesOf, type Layout, maxDepth } from './layout.ts';
import type { Step } from './messages.ts';

/** Several jobs as one transaction. */
export type Batch = {
  /** The first jobs of the queue, each with what it comes to if the transaction is done. */
  readonly results: readonly { job: Job; result: readonly Change[] | KeyFault }[];
  readonly changes: readonly Change[];
  /** Without the check of the counter; empty when all were refused. */
  readonly steps: readonly Step[];
  readonly token: string;
  readonly base: Base;
};

/** What a batch is planned on. */
export type Base = { index: number; revision: number };

export type BatchOptions = { known: Known; layout: Layout; base: Base; now: number; history: number };

/** Counter, record of events and the trimming of old ones. */
const ownSteps = 3;
const ownBytes = 4096;

/**
 * Plans as many of the waiting jobs as one transaction holds, each on top of those before it; answers what is missing when not
 * enough is known to do so.
 */
export function planBatch(queue: readonly Job[], options: BatchOptions): Batch | Missing {
  const { known, base, now } = options;
  const view = new KnownView(known);
  const overlay = new Overlay(view);
  const results: { job: Job; result: readonly Change[] | KeyFault }[] = [];
  const changes: Change[] = [];
  const room = { steps: stepLimit - ownSteps, bytes: byteLimit - ownBytes - recordOverhead };
  const stale: string[] = [];
  for (const job of queue) {
    const planned =
      tooDeep(job.operations, base.index) ?? planAll(job.operations, { view: overlay, index: changes.at(-1)?.index ?? base.index, now });
    if (planned instanceof KeyFault) {
      if (isStale(job, overlay, options.layout)) stale.push(job.deadlineKey!);
      room.steps -= job.deadlineKey === undefined ? 0 : 1;
      results.push({ job, result: planned });
    } else {
      const cost = costOf(planned, (dir) => view.depthBelow(dir));
      // The first may be larger: much of what it costs may fall together, which is seen when its steps are made.
      if (changes.length > 0 && (cost.steps > room.steps || cost.bytes > room.bytes)) break;
      room.steps -= cost.steps;
      room.bytes -= cost.bytes;
      for (const change of planned) applyChange(change, overlay);
      changes.push(...planned);
      results.push({ job, result: planned });
    }
    if (room.steps <= 0 || room.bytes <= 0) break;
  }
  return view.missing.isEmpty ? finish({ results, changes, stale, view }, options) : view.missing;
}

type Planned = { results: Batch['results']; changes: readonly Change[]; stale: readonly string[]; view: KnownView };

function finish({ results, changes, stale, view }: Planned, { layout, base, history }: BatchOptions): Batch {
  const draft = new Draft(layout);
  for (const key of stale) draft.forgetDeadline(key);
  for (const change of changes) draft.add(change, change.node.isDir && isRemoval(change) ? view.depthBelow(change.node.path) : 0);
  const token = newToken();
  const steps = draft.steps();
  // An import may pass over indexes: the record spans them as well, so that records connect.
  const last = changes.at(-1)?.index ?? base.index;
  if (changes.length > 0) {
    steps.push({ put: { key: bytesOf(layout.event(last, last - base.index)), value: encodeRecord(token, changes) } });
    steps.push({ put: { key: layout.counter, value: Buffer.from(String(last)) } });
    const old = trimmed(base.index, last, history);
    if (old !== undefined) {
      const [key, end] = layout.eventsBefore(old).map(bytesOf) as [Buffer, Buffer];
      steps.push({ remove: { key, end } });
    }
  }
  const fault = tooLarge(steps, base.index);
  if (fault === undefined) return { results, changes, steps, token, base };
  // Only a first job alone can be too large (see planBatch): it is refused, and those behind it wait for the next turn.
  const refused = results.map(({ job, result }) => ({ job, result: result instanceof KeyFault ? result : fault }));
  return { results: refused, changes: [], steps: [], token, base };
}

/** Records older than this index may go: looked at only now and then, so that not every transaction removes something. */
function trimmed(from: number, to: number, history: number): number | undefined {
  const stride = Math.max(1, history >> 3);
  return Math.floor(from / stride) === Math.floor(to / stride) ? undefined : Math.max(0, to - history + 1);
}

function tooLarge(steps: readonly Step[], index: number): KeyFault | undefined {
  if (steps.length > stepLimit) {
    return new KeyFault('too-large', `a write of ${steps.length} keys: a transaction of the cluster holds ${stepLimit}`, index);
  }
  const bytes = bytesOfSteps(steps);
  if (bytes <= byteLimit - 512) return undefined;
  const cause = `a write of ${bytes} bytes (new value, its record and the value before): a request to the cluster holds ${byteLimit}`;
  return new KeyFault('too-large', cause, index);
}

/** Keys hold depths of three digits. */
function tooDeep(operations: readonly Operation[], index: number): KeyFault | undefined {
  const isDeep = operations.some(({ path }) => depthOf(path) >= maxDepth);
  return isDeep ? new KeyFault('too-large', `a path of more than ${maxDepth - 1} components`, index) : undefined;
}

/** True when the deadline that brought the job about is none any more: renewed, or gone with its node. */
function isStale({ deadlineKey, operations }: Job, view: Overlay, layout: Layout): boolean {
  const path = operations[0]?.path;
  if (deadlineKey === undefined || path === undefined) return false;
  const node = view.node(path);
  return node === undefined || layout.deadline(node.deadline, path) !== deadlineKey;
}

/**
 * The nodes that planning the jobs is likely to look at. What it needs besides, it tells: this only saves a round trip.
 */
export function likelyPaths(queue: readonly Job[], index: number): Set<Path> {
  const paths = new Set<Path>();
  let next = index;
  for (const { operations } of queue) {
    for (const { action, path } of operations) {
      next++;
      if (action === 'create-in-order') paths.add(childOf(path, orderedName(next)));
      for (let at = path; at !== root && !paths.has(at); at = parentOf(at)) paths.add(at);
      if (paths.size >= stepLimit) return paths;
    }
  }
  return paths;
}
