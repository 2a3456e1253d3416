/** One that sends to a listener, as it is shown. */
export type Peer = {
  /** Its connection's number; 0 for a source of datagrams. */
  readonly connection: number;
  readonly address: string;
  /** Since when, and when it was last heard of; milliseconds since 1970. */
  readonly since: number;
  readonly last: number;
  readonly bytes: number;
  readonly frames: number;
  /** It has to wait until what it sent is delivered. */
  readonly isHeldBack: boolean;
};
