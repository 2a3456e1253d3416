import type { CaptureCounts } from '../packets/capture/index.ts';

/** `interrupted`: its server went away. */
export const captureStates = ['running', 'done', 'failed', 'interrupted'] as const;
export type CaptureState = (typeof captureStates)[number];

/** What is asked for. Times are milliseconds; what is absent has the most that the server allows. */
export type CaptureOrder = {
  interface: string;
  filter?: string;
  snap?: number;
  promiscuous?: boolean;
  immediate?: boolean;
  packets?: number;
  time?: number;
  size?: number;
  /** Whether packets are kept in a file, and whether they become flows. */
  file?: boolean;
  flows?: boolean;
  idle?: number;
  name?: string;
};

/** A capture as it is kept. Moments are Unix time in milliseconds. */
export type Capture = {
  id: number;
  state: CaptureState;
  reason?: string;
  order: CaptureOrder;
  user: string;
  started: number;
  ended?: number;
  counts: CaptureCounts;
  /** Octets of its file. */
  bytes: number;
  /** Flows made of it so far. */
  flows: number;
};
