/** What can be odd in a capture without spoiling it. The closed set that counters and pages use. */
export const captureWarnings = {
  cut: 'the file ends inside a packet or block; all whole packets count',
  captured_exceeds_original: 'a packet holds more octets than were on the wire; the held ones count',
  fraction_out_of_rule: 'the fraction of a time stamp is a second or more; it was carried into the seconds',
  time_missing: 'a simple packet block has no time; the last time seen was used',
  time_out_of_range: 'a time stamp lies outside the years 1677 to 2262; the last time seen was used',
  malformed_options: 'an option is longer than its block; the options behind it were left out',
  malformed_block: 'a block is too short for its type and was skipped',
  undeclared_interface: 'a packet names an interface that its section does not declare; it was skipped',
} as const;

export type CaptureWarning = keyof typeof captureWarnings;

/** Warnings of one capture: counted by reason, the first of each with its place. Memory is bounded by the set of reasons. */
export class CaptureWarnings {
  readonly #seen = new Map<CaptureWarning, { count: number; firstOffset: number; firstPacket: number }>();

  /** `offset` in octets and `packet` (from 1) tell the place. */
  add(reason: CaptureWarning, offset: number, packet: number): void {
    const entry = this.#seen.get(reason);
    if (entry) entry.count++;
    else this.#seen.set(reason, { count: 1, firstOffset: offset, firstPacket: packet });
  }

  count(reason: CaptureWarning): number {
    return this.#seen.get(reason)?.count ?? 0;
  }

  /** Everything seen, as sentences for people. */
  texts(): string[] {
    return this.list().map(({ meaning, count, firstOffset, firstPacket }) => {
      const often = count === 1 ? 'at' : `${count} times, first at`;
      return `${meaning} (${often} offset ${firstOffset}, packet ${firstPacket})`;
    });
  }

  /** Everything seen, as plain data for reports. */
  list(): { reason: CaptureWarning; meaning: string; count: number; firstOffset: number; firstPacket: number }[] {
    return [...this.#seen].map(([reason, entry]) => ({ reason, meaning: captureWarnings[reason], ...entry }));
  }
}
