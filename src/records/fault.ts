import { onKeys as onKeysAt } from '../keys/index.ts';

/** Runs something on keys; the faults that its caller has not handled become problems. */
export const onKeys = <T>(work: () => Promise<T>): Promise<T> => onKeysAt('/records', work);
