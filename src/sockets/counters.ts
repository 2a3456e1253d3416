/** What a listener counts from its start on. */
export type Counters = {
  /** Connections that were taken; datagrams for UDP. */
  accepted: number;
  bytes: number;
  frames: number;
  /** Connections and datagrams that were turned away, by reason. */
  turnedAway: Record<TurnedAway, number>;
  /** Connections that ended by a fault, by its name. */
  faults: Record<string, number>;
};

/** `limit`: too many; `network`: not of an allowed one; `size`: a datagram that is too long; `full`: nobody took what came before. */
export type TurnedAway = 'limit' | 'network' | 'size' | 'full';

export const newCounters = (): Counters => ({
  accepted: 0,
  bytes: 0,
  frames: 0,
  turnedAway: { limit: 0, network: 0, size: 0, full: 0 },
  faults: {},
});

export function countFault(counters: Counters, fault: string): void {
  counters.faults[fault] = (counters.faults[fault] ?? 0) + 1;
}
