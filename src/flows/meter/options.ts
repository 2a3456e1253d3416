/** How a meter decides what one flow is and when it ends. All times are packet time, in milliseconds; 0 is never. */
export type MeterOptions = {
  /** One flow for each direction. Otherwise both directions of a session are one flow with `rev_*` columns. */
  readonly uniflow: boolean;
  /** A flow older than this at its next packet is cut there: the rest follows as the next part of the same session. */
  readonly activeMs: number;
  /** A flow silent for longer than this has ended: TCP and whatever the next two do not name. */
  readonly idleMs: number;
  /** The same for UDP and UDP-Lite. */
  readonly udpIdleMs: number;
  /** The same for ICMP and ICMPv6. */
  readonly icmpIdleMs: number;
  /** How long a TCP flow stays for late segments once both sides sent FIN or one sent RST. */
  readonly tcpCloseMs: number;
  /** Keep sessions apart that have the same addresses and ports in different VLANs (the outermost tag). */
  readonly keyVlan: boolean;
  /** Keep sessions apart that were captured at different interfaces; the flow then has `in_if`. */
  readonly keyInterface: boolean;
  /** Keep the Ethernet addresses of the first packet. */
  readonly keepMacs: boolean;
  /** Which headers of tunnelled packets the meter is given; with `both`, a carrier just before what it carries, which then names it. */
  readonly tunnels: 'outer' | 'inner' | 'both';
  /** How finely time-outs are looked for without packets, in seconds: 1 for files, less where somebody waits for the flow. */
  readonly tickSeconds: number;
  /** Live flows at most, 1 to 4,194,304; beyond it those that were silent longest end early. 192 octets of memory each. */
  readonly maxFlows: number;
};

export const meterDefaults: MeterOptions = {
  uniflow: false,
  activeMs: 300_000,
  idleMs: 60_000,
  udpIdleMs: 30_000,
  icmpIdleMs: 30_000,
  tcpCloseMs: 5_000,
  keyVlan: false,
  keyInterface: false,
  keepMacs: false,
  tunnels: 'outer',
  tickSeconds: 1,
  maxFlows: 1_048_576,
};

/** Whether a file gives exactly one flow for each key: no time-out, and then no TCP close either. */
export const isOneFlowPerKey = (options: MeterOptions): boolean =>
  options.activeMs + options.idleMs + options.udpIdleMs + options.icmpIdleMs === 0;
