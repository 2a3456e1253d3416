import { onKeys as onKeysAt } from '../keys/index.ts';
import { ticketsDir } from './places.ts';

/** Runs something on keys; the faults that its caller has not handled become problems. */
export const onKeys = <T>(work: () => Promise<T>): Promise<T> => onKeysAt(ticketsDir, work);
