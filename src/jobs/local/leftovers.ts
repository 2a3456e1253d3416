/** What a run leaves when its wrapper is killed. */
import { type ProcessIdentity, signalProcess } from '../../core/process-identity.ts';
import { killMarked } from '../../core/process-mark.ts';

/**
 * Kills what is left of a run whose wrapper is gone: the program, if it is still the same process, and those that bear the mark of the wrapper,
 * in whatever session they are now. Answers how many there were.
 */
export function killLeftovers(program: ProcessIdentity | undefined, wrapper: ProcessIdentity): number {
  if (program === undefined) return 0;
  const count = signalProcess(program, 'SIGKILL') ? 1 : 0;
  return count + killMarked(`WEIR_WRAPPER=${wrapper.pid} ${wrapper.start}`, program);
}
