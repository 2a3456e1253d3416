/** What one listener puts up with. Times are milliseconds, amounts bytes. */
export type Limits = {
  /** Connections at once, and of one address. */
  connections: number;
  perAddress: number;
  /** How long a connection may be silent, and how long it may be so before its first byte. */
  idleMs: number;
  firstMs: number;
  /** Frames that are taken and not yet delivered; then peers have to wait, and datagrams are dropped. */
  queue: number;
  /** A datagram at most. */
  datagram: number;
  /** How long connections have to end when the listener stops. */
  graceMs: number;
};

export const defaultLimits: Limits = {
  connections: 256,
  perAddress: 32,
  idleMs: 5 * 60_000,
  firstMs: 30_000,
  queue: 4 * 1024 * 1024,
  datagram: 8192,
  graceMs: 5000,
};

/** The greatest payload of UDP over IPv4: 65,535 less the headers of IP (20) and UDP (8). */
export const largestDatagram = 65_507;
