/** What the reading thread is asked to do. */
import type { MessagePort } from 'node:worker_threads';
import type { BatchLink } from './batch-channel.ts';
import type { ImportSettings } from './settings.ts';

/** Where the bytes come from: a file that this thread opens, or a port over which another thread sends them. */
export type ByteOrigin = { path: string } | { port: MessagePort };

export type ReadArguments = {
  settings: ImportSettings;
  origin: ByteOrigin;
  /** Octets that will come, packed as they are, where that is known. */
  bytesTotal: number | null;
  link: BatchLink;
  staging: string;
  importId: number;
};
