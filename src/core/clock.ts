/** The time as Weir sees it. Passed in wherever time decides something, so that tests can move it by hand. */
export type Clock = {
  /** Wall time in milliseconds since 1970 UTC. It may jump: for stamps, not for spans. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back: for spans and deadlines. */
  monotonic(): number;
};

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock that stands still until `advance` moves it; both readings move together. */
export type ManualClock = Clock & { advance(milliseconds: number): void };

/** Makes a clock for tests that starts at `startMs` (milliseconds since 1970 UTC). */
export function manualClock(startMs = 0): ManualClock {
  let elapsed = 0;
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    advance: (milliseconds) => {
      elapsed += milliseconds;
    },
  };
}
