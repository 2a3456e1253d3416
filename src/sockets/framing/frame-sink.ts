/**
 * Takes one frame: `bytes` from `start` up to `end`. It is a view of the chunk wherever the frame lies in one, and may be kept as long as
 * the chunk may; nothing is allocated for it. `frameOf` makes a frame of it.
 */
export type FrameSink = (bytes: Uint8Array, start: number, end: number) => void;

export type Decoder = {
  /** Takes the next bytes of the stream and tells of each frame that they end. Throws a frame's Problem (`fault.ts`). */
  push(chunk: Uint8Array): void;
  /** The stream is over: what is left becomes a last frame or a Problem, as the framing says. */
  end(): void;
  /** Bytes of a frame that is not whole yet: what this decoder holds. */
  readonly held: number;
};
