import type { CaptureTool } from '../../packets/capture/index.ts';
import type { ShowOptions } from '../../packets/commands/index.ts';

/** What `weir packets capture` is told; times are milliseconds, sizes octets. */
export type CaptureOptions = ShowOptions & {
  interface: string;
  write?: string;
  turnSize?: number;
  turnTime?: number;
  turnPackets?: number;
  keep?: number;
  flows?: boolean;
  to?: string;
  spool?: string;
  spoolSize?: number;
  idle?: number;
  idleUdp?: number;
  active?: number;
  uniflow?: boolean;
  print?: boolean;
  count?: number;
  duration?: number;
  snap: number;
  buffer: number;
  promiscuous?: boolean;
  immediate: boolean;
  tool: CaptureTool;
};
