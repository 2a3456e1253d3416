import { Problem } from '../core/problem.ts';
import { KeyFault } from '../keys/index.ts';

/** Runs something on keys; the faults that its caller has not handled become problems. */
export async function onKeys<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof KeyFault ? problemOf(error) : error;
  }
}

function problemOf(fault: KeyFault): Problem {
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
      return new Problem('conflict', 'Something else stands where tickets belong in the key tree.', {
        detail: `at ${fault.cause}`,
        hint: 'weir keys ls /tickets',
        cause: fault,
      });
    default:
      return new Problem('conflict', 'The ticket was changed by others again and again; try again.', {
        detail: fault.message,
        cause: fault,
      });
  }
}
