import type { Engine, Method, ScanProgress } from './plan.ts';
import type { ScanRequest } from './request.ts';

/** How far a scan is. `partial`: ended before its time, with what it had; `interrupted`: its server went away. */
export const scanStates = ['waiting', 'running', 'done', 'partial', 'interrupted', 'failed'] as const;
export type ScanState = (typeof scanStates)[number];

/** A scan as it is kept. Moments are milliseconds since 1970. */
export type Scan = {
  id: number;
  state: ScanState;
  /** Why it ended as it did, where that says more than the state. */
  reason?: string;
  request: ScanRequest;
  method: Method;
  user: string;
  /** Whose server runs it. */
  server: string;
  made: number;
  started?: number;
  ended?: number;
  addresses: number;
  ports: number;
  seed: number;
  engine?: Engine;
  progress: ScanProgress;
  hosts: Record<string, number>;
  states: Record<string, number>;
  /** Pieces of results in the key tree. */
  pieces: number;
  /** The schedule that it belongs to. */
  schedule?: string;
};

export const isOver = ({ state }: Scan): boolean => state !== 'waiting' && state !== 'running';

/** Seconds until a running scan is over, as far as its pace so far tells; undefined where nothing can be said. */
export function secondsLeft({ progress: { done, total }, started, state }: Scan, now: number): number | undefined {
  if (state !== 'running' || started === undefined || done === 0 || total === 0) return undefined;
  return Math.round((((now - started) / 1000) * (total - done)) / done);
}
