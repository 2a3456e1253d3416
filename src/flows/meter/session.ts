/**
 * Session ids: 64 bits from the key and the time of the first packet seen. Two lanes of 32 bits take the same words with
 * different multipliers, so that a file of ten million sessions has a chance of 3 in a million to hold two equal ones.
 * The same capture gives the same ids in every run.
 */
import { field, field64, meta, recordDoubles, recordWords } from './flow-record.ts';

const input = new Int32Array(15);

/** Computes the id of a new record from its key and start and stores it there. */
export const setSession = (words: Int32Array, doubles: Float64Array, record: number): void => {
  const at = record * recordWords;
  const seconds = doubles[record * recordDoubles + field64.start] as number;
  let count = 0;
  for (let i = field.srcD; i <= field.meta; i++) input[count++] = words[at + i] as number;
  if (((words[at + field.meta] as number) & meta.ipv6) !== 0) {
    for (let i = field.srcA; i <= field.dstC; i++) input[count++] = words[at + i] as number;
  }
  input[count++] = words[at + field.place] as number;
  input[count++] = seconds;
  input[count++] = Math.floor(seconds / 4294967296);
  input[count++] = words[at + field.startNanos] as number;
  let high = 0x2545f491;
  let low = 0x5851f42d;
  for (let i = 0; i < count; i++) {
    high = Math.imul(high ^ (input[i] as number), 0x9e3779b1);
    high ^= high >>> 15;
    low = Math.imul(low + (input[i] as number), 0x85ebca6b);
    low ^= low >>> 13;
  }
  const crossed = Math.imul(low ^ (high >>> 16), 0xc2b2ae35);
  words[at + field.sessionHigh] = high ^ crossed;
  words[at + field.sessionLow] = crossed ^ (crossed >>> 16);
};
