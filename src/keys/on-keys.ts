import { Problem } from '../core/problem.ts';
import { KeyFault } from './tree/fault.ts';

/**
 * Runs a room's work on keys. Faults that the room has not handled itself become problems: the engine that cannot say, the
 * value that is too large, something of another's making in the way (`place` is where the room's keys are), and races that
 * were lost again and again.
 */
export async function onKeys<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof KeyFault ? problemOf(error, place) : error;
  }
}

function problemOf(fault: KeyFault, place: string): Problem {
  switch (fault.kind) {
    case 'unavailable':
      return new Problem('unavailable', 'The key store could not say in time whether it did that; look before you try again.', {
        detail: fault.cause,
        cause: fault,
      });
    case 'too-large':
      return new Problem('too-large', 'This is more than the key store takes.', { detail: fault.cause, cause: fault });
    case 'not-directory':
    case 'not-file':
      return new Problem('conflict', `Something else stands in the key tree where ${place} belongs.`, {
        detail: `at ${fault.cause}`,
        hint: `weir keys ls ${place}`,
        cause: fault,
      });
    default:
      return new Problem('conflict', 'This was changed by others again and again; try again.', { detail: fault.message, cause: fault });
  }
}
