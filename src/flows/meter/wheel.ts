/** How the timer wheel of expiry.ts is kept in the records. */
export const wheel = {
  slots: 1024,
  /** `previous` of a record that is in no slot. */
  unlinked: -2,
  /** `previous` of the first record of slot s is `firstOf - s`. */
  firstOf: -3,
  /** Numbers of records fit in 22 bits: see `maxFlows`. */
  recordSpan: 2 ** 22,
} as const;
