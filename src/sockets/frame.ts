/** A frame as listeners hand it on. */
export type Frame = {
  readonly bytes: Uint8Array;
  /** Where it came from: `127.0.0.1:40000`, `unix`. */
  readonly peer: string;
  /** Number of the connection at its listener; 0 for datagrams. */
  readonly connection: number;
  /** When it was whole, milliseconds since 1970. */
  readonly at: number;
};
