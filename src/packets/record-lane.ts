/** What a lane has to know of a classic file: little-endian, of Ethernet without check sequences, with whole records of 16 octets. */
export type RecordFormat = {
  /** Fractions of a second are below `fractionLimit`, and of so many nanoseconds each. */
  nanosPerTick: number;
  fractionLimit: number;
  /** Most octets of a record. */
  recordLimit: number;
};

/**
 * A sink's own way with plain records, past the decoder. It takes only what it is sure of; the parser deals with the first record that it leaves,
 * and asks again.
 */
export type RecordLane = {
  /** Takes records from `at` on, before `end`; answers where the first stands that it leaves. */
  take(view: DataView, at: number, end: number): number;
  /** Records taken by the last call. */
  readonly taken: number;
};
