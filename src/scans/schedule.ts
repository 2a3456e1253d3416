import { Problem } from '../core/problem.ts';
import type { ScanRequest } from './request.ts';

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Between two starts of the same scan, at least; scans are no probes of availability. */
const shortestMs = 1000;
const longestMs = 366 * unitMs.d;

/** A scan that comes again and again. Moments are milliseconds since 1970. */
export type Schedule = {
  id: string;
  everyMs: number;
  request: ScanRequest;
  /** Who made it: its scans are his. */
  user: string;
  /** Whether a port that was not open the time before opens a ticket. */
  ticket: boolean;
  made: number;
  next: number;
  /** Its latest scan, and the latest one that came to its end. */
  last?: number;
  lastDone?: number;
};

/** Reads `30m`, `6h`, `1d`. Throws `unprocessable`. */
export function readEvery(text: string): number {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * unitMs[unit as keyof typeof unitMs];
  if (ms >= shortestMs && ms <= longestMs) return ms;
  throw new Problem('unprocessable', 'That is no time between scans.', {
    detail: `got ${text.slice(0, 40)}`,
    hint: '30m, 6h or 1d',
    pointer: '/every',
  });
}

/** The next start after `now`: those that were missed are not made up for. */
export const nextStart = ({ next, everyMs }: Schedule, now: number): number => next + Math.ceil((now - next + 1) / everyMs) * everyMs;
