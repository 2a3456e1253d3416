import { Problem } from '../core/problem.ts';
import { KeyFault } from '../keys/index.ts';

/** Runs something on keys; faults that are nobody's business below become problems. */
export async function onKeys<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    if (error.kind === 'too-large')
      throw new Problem('too-large', 'This is more than the key store takes at once.', { detail: error.cause, cause: error });
    throw new Problem('unavailable', 'The key store could not say in time whether it did that; look before you try again.', {
      detail: error.cause,
      cause: error,
    });
  }
}
