/** A batch as it is kept in the key tree: a program that somebody asked to be run once, and how it ended. */
import type { ProcessIdentity } from '../../core/process-identity.ts';
import type { SessionRequest } from '../request.ts';
import type { AppInfo } from '../session.ts';

/** Livy's words for how a batch stands; those that its clients know, and no other. */
export const batchStates = ['starting', 'running', 'success', 'dead', 'killed'] as const;
export type BatchState = (typeof batchStates)[number];

/** True when it has ended. */
export const hasEnded = (state: BatchState): boolean => state !== 'starting' && state !== 'running';

/** What runs it: the plain Python of this host, `spark-submit`, DuckDB over the flows, or SQL on Spark. */
export const batchKinds = ['python', 'pyspark', 'sql', 'spark-sql'] as const;
export type BatchKind = (typeof batchKinds)[number];

/** A request as it was read. */
export type BatchRequest = Omit<SessionRequest, 'heartbeatTimeoutInSecond' | 'ttl' | 'idleTimeout'> & {
  /** A path, an address, or `upload:NAME`. */
  file: string;
  className: string | null;
  args: string[];
};

/** How a batch ended; `code` is null for one that a signal ended, or that nobody saw end. */
export type BatchEnd = { at: number; state: BatchState; reason: string; code: number | null };

/** The entry of a batch. Times are milliseconds since 1970. */
export type Batch = {
  id: number;
  kind: BatchKind;
  request: BatchRequest;
  /** The user who made it. */
  owner: string;
  created: number;
  /** The server whose process it is. */
  server: string;
  process?: ProcessIdentity;
  appId?: string;
  appInfo?: AppInfo;
  end?: BatchEnd;
};

/** The group of the kernel that holds a batch to its limits. */
export const groupOfBatch = (id: number): string => `batch-${id}`;
