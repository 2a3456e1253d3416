/** How a run ended, by what its wrapper and Slurm say. Pure. */
import type { Outcome } from '../job.ts';
import type { Row } from './commands.ts';
import type { Standing } from './states.ts';

/** True when the wrapper's account leaves open who ended the run: a TERM that we did not ask for, or a KILL. */
export const isOpen = ({ cause, signal }: Outcome, wasAsked: boolean): boolean =>
  (!wasAsked && (cause === 'stopped' || (cause === 'signal' && signal === 15))) || (cause === 'signal' && signal === 9);

/** The account of the wrapper, with the reason that Slurm knows better. */
export function corrected(outcome: Outcome, standing: Standing | undefined, row: Row | undefined): Outcome {
  if (standing?.is === 'withdrawn') return { ...outcome, cause: 'lost', note: noteOf(row) };
  if (standing?.is !== 'over' || standing.cause === 'done' || standing.cause === 'exit') return outcome;
  return { ...outcome, cause: standing.cause, note: noteOf(row) };
}

/** How a run ended that started and whose wrapper said nothing more. `exit` is Slurm's account of its exit code. */
export function unaccounted(
  standing: Standing | undefined,
  row: Row | undefined,
  exit: { code: number; signal: number } | undefined,
  ended: number,
): Outcome {
  if (standing?.is !== 'over')
    return { cause: 'lost', note: standing === undefined ? 'Slurm does not know it any more' : noteOf(row), ended };
  const { cause } = standing;
  if (cause !== 'exit' && cause !== 'done') return { cause, note: noteOf(row), ended };
  const note = 'by the account of Slurm';
  if (exit === undefined) return { cause: 'lost', note: noteOf(row), ended };
  if (exit.signal !== 0) return { cause: 'signal', signal: exit.signal, note, ended };
  return { cause: exit.code === 0 ? 'done' : 'exit', code: exit.code, note, ended };
}

/** How a run ended that never started; undefined when it may be tried again. */
export function neverStarted(standing: Standing | undefined, row: Row | undefined, ended: number): Outcome | undefined {
  if (standing?.is !== 'over') return undefined;
  const isFailure = standing.cause === 'done' || standing.cause === 'exit';
  return { cause: isFailure ? 'start' : standing.cause, note: noteOf(row), ended };
}

/** In words, what Slurm says: `TIMEOUT in Slurm, job 36 on node7 (TimeLimit)`. */
function noteOf(row: Row | undefined): string {
  if (row === undefined) return 'Slurm does not know it any more';
  const { state, id, nodes, reason } = row;
  return `${state} in Slurm, job ${id}${nodes === '' ? '' : ` on ${nodes}`}${reason === '' || reason === 'None' ? '' : ` (${reason})`}`;
}
