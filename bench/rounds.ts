/** Rounds: contenders take turns (A B C A B C ...), so that what else the machine does meets all of them alike. */

/** What one run cost. */
export type Usage = {
  wallMs: number;
  /** User and system time of all its processes. */
  cpuMs: number;
  /** Largest resident memory, octets. */
  peakOctets: number;
  /** Until the first octet of the answer, where there is one. */
  firstMs?: number;
};

/** Weir or a peer: what it is called, how much it works through, and one run of it. */
export type Contender = {
  name: string;
  /** Packets, rows or flows of one run. */
  units: number;
  /** Fresh folders and the like are made and removed inside, but `run` answers with the usage of the work alone. */
  run: (round: number) => Promise<Usage>;
};

/** A contender after all its rounds. */
export type Standing = { name: string; units: number; rounds: Usage[]; median: Usage; unitsPerSecond: number };

/** Runs every contender once a round and tells `onRun` after each. */
export async function playRounds(
  contenders: readonly Contender[],
  rounds: number,
  onRun: (name: string, round: number, usage: Usage) => void,
): Promise<Standing[]> {
  const usages = new Map<Contender, Usage[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const { wallMs, cpuMs, peakOctets, firstMs } = await contender.run(round);
      const usage: Usage = { wallMs, cpuMs, peakOctets, ...(firstMs !== undefined && { firstMs }) };
      usages.get(contender)?.push(usage);
      onRun(contender.name, round, usage);
    }
  }
  return contenders.map((contender) => standingOf(contender, usages.get(contender) ?? []));
}

function standingOf({ name, units }: Contender, rounds: Usage[]): Standing {
  const of = (pick: (usage: Usage) => number) => median(rounds.map(pick));
  const wallMs = of((usage) => usage.wallMs);
  const hasFirst = rounds.some((usage) => usage.firstMs !== undefined);
  const middle: Usage = {
    wallMs,
    cpuMs: of((usage) => usage.cpuMs),
    // Memory is a promise about the worst, not about the usual.
    peakOctets: Math.max(...rounds.map((usage) => usage.peakOctets)),
    ...(hasFirst && { firstMs: of((usage) => usage.firstMs ?? 0) }),
  };
  return { name, units, rounds, median: middle, unitsPerSecond: units / (wallMs / 1000) };
}

/** The value in the middle; of an even number the mean of the two. NaN of none. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which a part of 0 to 1 of the others lie, between neighbours in proportion. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}
