/** The store's thread: owns DuckDB for reading and committing, and encodes streams, so that no event loop waits for either. */
import { parentPort, workerData } from 'node:worker_threads';
import { type StoreData, serveStore } from './serve.ts';

if (parentPort === null) throw new Error('store/thread.ts runs as a worker thread');
serveStore(parentPort, workerData as StoreData);
