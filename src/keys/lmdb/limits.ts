/** What a store takes, and what it keeps. */
export type Limits = {
  /** Octets of a value. */
  valueBytes: number;
  /** Octets of a path, in-order names included; `longestPath` at most, which LMDB's pages bound. */
  pathBytes: number;
  /** Operations of one transaction. */
  transactionOperations: number;
  /** Octets of all values of one transaction. */
  transactionBytes: number;
  /** Writes of one thread that wait for an answer; more are refused at once. */
  waitingWrites: number;
  /** Octets of the values of those. */
  waitingBytes: number;
  /** Changes that are kept of each space. */
  history: number;
  /** Octets of those: a space keeps fewer changes when they are large. */
  historyBytes: number;
};

const mebibyte = 2 ** 20;

export const defaultLimits: Limits = {
  valueBytes: 10 * mebibyte,
  pathBytes: 4000,
  transactionOperations: 10_000,
  transactionBytes: 64 * mebibyte,
  waitingWrites: 20_000,
  waitingBytes: 256 * mebibyte,
  history: 1000,
  historyBytes: 256 * mebibyte,
};
