/** What threads say to the engine's thread, and what it says to them. Octets travel by transfer where nobody else needs them. */
import type { MessagePort } from 'node:worker_threads';
import type { ProblemMessage } from '../../core/problem.ts';
import type { FaultKind } from '../tree/fault.ts';
import type { Limits } from './limits.ts';

/** How the engine's thread is started. */
export type ThreadOptions = { path: string; limits: Limits; segmentBytes: number; snapshotBytes: number; signal: SharedArrayBuffer };

/** From the thread that owns the engine, on the worker's own port. */
export type ToThread = { type: 'attach'; port: MessagePort } | { type: 'close' };

/** From the engine's thread to its owner. */
export type FromThread =
  | { type: 'open'; clusterId: string; memberId: string; recovery: string; replayed: number }
  | { type: 'failed'; problem: ProblemMessage }
  | { type: 'log'; level: 'info' | 'warn'; message: string; facts: Record<string, unknown> }
  | { type: 'closed' };

/** From a thread that uses keys, on a port of its own. */
export type ToKeeper =
  /** Requests (`operations.ts`) in the first `length` octets. */
  { type: 'write'; buffer: ArrayBuffer; length: number } | { type: 'ask'; id: number };

/** To a thread that uses keys. */
export type FromKeeper =
  /** The first message: all later records are told. */
  | { type: 'attached'; indexes: number[] }
  | {
      type: 'batch';
      /** A record of the log (`record.ts`); undefined when nothing changed. */
      record: ArrayBuffer | undefined;
      /** For each of the recipient's writes: place of its first change in the record, and their number, which is -1 for a fault. */
      outcomes: Int32Array;
      /** In the order of the outcomes that are faults. */
      faults: FaultMessage[];
    }
  | { type: 'health'; id: number; trouble: string | undefined }
  | { type: 'ended'; reason: string };

/** A fault as plain data: kind, cause, index. */
export type FaultMessage = [FaultKind, string, number];
