import type { HostResult } from './host-result.ts';
import type { Target } from './targets.ts';

/** Ways to scan: by connections (own), by SYN or FIN packets and for hosts alone (both through nmap as root). */
export const methods = ['connect', 'syn', 'fin', 'discover'] as const;
export type Method = (typeof methods)[number];

/** A scan that is ready to run: all words are read, all names looked up, all targets allowed. Plain data, for another thread. */
export type Plan = {
  method: Method;
  targets: readonly Target[];
  /** Rising; none for `discover`. */
  ports: readonly number[];
  /** Connections at once. */
  concurrency: number;
  /** How often a silent port is tried again. */
  retries: number;
  /** New probes a second. */
  rate?: number;
  /** Hosts that were not named singly are scanned, too, when nothing shows that they are up. */
  isAssumedUp: boolean;
  /** What the order of ports follows from. */
  seed: number;
  /** The program nmap. */
  nmap: string;
};

/** How far a scan is: probes that are over, of how many, and open ports among them. */
export type ScanProgress = { done: number; total: number; open: number };

/** What scanned: `weir` or `nmap`, its version and its full list of arguments. */
export type Engine = { name: 'weir' | 'nmap'; version: string; arguments: string[] };

/** Who listens to a running scan. */
export type ScanListener = {
  signal: AbortSignal;
  onHosts(hosts: HostResult[]): void;
  onProgress(progress: ScanProgress): void;
};
