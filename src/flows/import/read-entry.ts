/** The reading thread from its first moment: a metering thread that it will need starts while it loads what it needs itself. */
import { workerData } from 'node:worker_threads';
import { prepareMetering } from './meter-start.ts';
import type { ReaderStart } from './read-start.ts';

if ((workerData as ReaderStart | null)?.metersSoon) prepareMetering();
await import('./read-thread.ts');
