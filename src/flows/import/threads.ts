/** The two threads of an import. They take a tenth of a second to start, which a command spends while the store opens. */
import { Worker } from 'node:worker_threads';

export type ImportThreads = { reader: Worker; writer: Worker };

const start = (file: string): Worker => new Worker(new URL(file, import.meta.url), { name: `weir-${file.slice(2, -3)}` });

/** Starts both; who takes them ends them. */
export const startImportThreads = (): ImportThreads => ({ reader: start('./read-thread.ts'), writer: start('./write-thread.ts') });
