/** What the states of Slurm mean here (squeue(1), "JOB STATE CODES"), and its reasons in words. */
import type { Cause } from '../job.ts';

/** How a job of Slurm stands, in our terms. `over` says what it is when its wrapper has left no account of its own. */
export type Standing =
  | { is: 'waiting' }
  | { is: 'held' }
  | { is: 'running' }
  | { is: 'suspended' }
  | { is: 'over'; cause: Cause | 'done' }
  /** Taken back by Slurm: it goes into our queue again if it has not started. */
  | { is: 'withdrawn' };

const waiting: Standing = { is: 'waiting' };
const held: Standing = { is: 'held' };
const running: Standing = { is: 'running' };
const suspended: Standing = { is: 'suspended' };
const over = (cause: Cause | 'done'): Standing => ({ is: 'over', cause });

const standings: Readonly<Record<string, Standing>> = {
  PENDING: waiting,
  REQUEUED: waiting,
  REQUEUE_FED: waiting,
  REQUEUE_HOLD: held,
  SPECIAL_EXIT: held,
  RESV_DEL_HOLD: held,
  CONFIGURING: running,
  RUNNING: running,
  SIGNALING: running,
  STAGE_OUT: running,
  RESIZING: running,
  // Until its exit file is there: some of its processes may be left.
  COMPLETING: running,
  SUSPENDED: suspended,
  STOPPED: suspended,
  COMPLETED: over('done'),
  FAILED: over('exit'),
  NODE_FAIL: over('nohost'),
  BOOT_FAIL: over('nohost'),
  OUT_OF_MEMORY: over('memory'),
  TIMEOUT: over('timeout'),
  DEADLINE: over('timeout'),
  CANCELLED: over('stopped'),
  PREEMPTED: { is: 'withdrawn' },
  REVOKED: { is: 'withdrawn' },
};

/** What a state means; undefined for a word that this release of Slurm has and we do not know. `CANCELLED by 1000` is CANCELLED. */
export function standingOf(state: string, reason = ''): Standing | undefined {
  const standing = standings[state.split(' ', 1)[0] as string];
  return standing?.is === 'waiting' && isHold(reason) ? held : standing;
}

const isHold = (reason: string): boolean => /^JobHeld|requeued[_ ]held|HoldMaxRequeue$/i.test(reason);

const reasons: readonly [RegExp, string][] = [
  [/^None$|^$/, 'waits for Slurm to look at it'],
  [/^Resources$/, 'waits for free nodes of Slurm'],
  [/^Priority$/, 'waits in Slurm: others are before it'],
  [/^JobHeldUser$/, 'held in Slurm by its owner'],
  [/^JobHeldAdmin$/, 'held in Slurm by its administrator'],
  [/requeued[_ ]held|HoldMaxRequeue/i, 'held in Slurm: a node could not launch it'],
  [/^Dependency/, 'waits in Slurm for another job'],
  [/^BeginTime$/, 'waits in Slurm for its time'],
  [/^Cleaning$/, 'waits in Slurm while an earlier try is cleared away'],
  [/^Licenses$/, 'waits in Slurm for licences'],
  [/^Reservation$/, 'waits in Slurm for its reservation'],
  [/^PartitionDown$|^PartitionInactive$/, 'its partition of Slurm is not up'],
  [/^PartitionTimeLimit$/, 'its time limit is longer than its partition of Slurm allows'],
  [/^PartitionNodeLimit$/, 'its partition of Slurm has not as many nodes'],
  [/^BadConstraints$/, 'no node of Slurm has what it asks for'],
  [/^ReqNodeNotAvail/, 'a node of Slurm that it needs is not there'],
  [/^Nodes[_ ]required[_ ]for/, 'the nodes of Slurm that it needs are down or drained'],
  [/^(Assoc|QOS|Max|Grp)/, 'waits in Slurm: a limit of its account is reached'],
  [/^Invalid(Account|QOS)$/, 'its account of Slurm is not valid'],
];

/** Why Slurm lets a job wait, in words; a reason that is not known here is given as it is. */
export function wordsOf(reason: string): string {
  const known = reasons.find(([form]) => form.test(reason));
  if (known === undefined) return `waits in Slurm: ${reason}`;
  return /^None$|^$/.test(reason) ? known[1] : `${known[1]} (${reason})`;
}
