import type { SocketAddress } from './address.ts';
import type { Allowed } from './allowed.ts';
import type { Counters } from './counters.ts';
import type { Frame } from './frame.ts';
import type { Framing } from './framing/framing.ts';
import type { Limits } from './limits.ts';
import type { Outlet } from './outlet.ts';
import type { Peer } from './peer.ts';

/** What an open listener, of either kind, works with. */
export type OpenOptions = {
  framing: Framing;
  limits: Limits;
  allowed: Allowed;
  counters: Counters;
  outlet: Outlet;
  now(): number;
  onFrame(frame: Frame): void;
  onFault(error: unknown): void;
};

/** A listener of either kind while it is open. */
export type OpenListener = {
  readonly bound: SocketAddress;
  peers(): readonly Peer[];
  /** There is room again: those who were held back go on. */
  goOn(): void;
  close(): Promise<void>;
  kernelDrops?(): Promise<number | undefined>;
};
