/** A thread that reads and encodes parts of streams. */
import { parentPort } from 'node:worker_threads';
import { serveParts } from './plain-encoders.ts';

if (parentPort === null) throw new Error('store/plain-thread.ts runs as a worker thread');
serveParts(parentPort);
