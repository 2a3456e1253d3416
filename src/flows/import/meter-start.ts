/** The start of the thread that meters, which takes a tenth of a second: it may be started ahead, and then this is all that is loaded before it. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

const startThread = (): Worker => new Worker(new URL('./meter-thread.ts', import.meta.url), { name: 'weir-meter-thread' });

let prepared: Worker | undefined;

/** Starts the thread of the next metering ahead of it, while there is nothing else to do. */
export const prepareMetering = (): void => {
  if (availableParallelism() === 1) return;
  const thread = startThread();
  prepared = thread;
  const forget = (): void => {
    if (prepared === thread) prepared = undefined;
  };
  // One that fails now is not taken; the next will tell why.
  thread.on('error', forget).on('exit', forget).unref();
};

/** The thread that was prepared, or another. */
export const takeMeterThread = (): Worker => {
  const thread = prepared ?? startThread();
  prepared = undefined;
  thread.ref();
  return thread;
};
