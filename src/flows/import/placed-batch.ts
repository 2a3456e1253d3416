/** Batches of rows in the memory that their texts are in, which both threads have: between them only the number of a batch travels. */
import { batchLayout, FlowBatch } from '../batch.ts';
import type { Texts } from '../texts.ts';

/** Octets from one to the next. */
export const placedOctets = batchLayout('named').size;

/** The batch of that number, with codes of the texts. */
export const placedBatch = (texts: Texts, number: number): FlowBatch => {
  const { memory, batches } = texts.place;
  const batch = new FlowBatch('named', { buffer: memory.buffer, offset: batches + number * placedOctets, number });
  batch.texts = texts;
  return batch;
};
