/**
 * One observation domain of an exporter (RFC 7011; the source id of NetFlow v9, the engine of v5, the sub-agent of sFlow):
 * its templates, the rates its samplers work at, where its sequence numbers stand, and the sets that wait for a template.
 */
import { isSameTemplate, type Plan, type Template } from './template.ts';

/** What the header of a datagram says of time, in milliseconds: kept with sets that wait. */
export type Header = {
  /** When it was sent, by the exporter's clock, since 1970. */
  unixMs: number;
  /** Since the exporter started; 0 where the header does not tell (IPFIX). */
  uptimeMs: number;
  /** When it arrived. */
  receivedMs: number;
};

/** A data set whose template has not come yet: a copy of its records. */
export type WaitingSet = { readonly template: number; readonly bytes: Uint8Array; readonly header: Header };

/** What happened in a domain since Weir started; all but `gaps` count what their names say. */
export class DomainCounters {
  datagrams = 0;
  octets = 0;
  flows = 0;
  options = 0;
  /** Records that are no flows: NAT and firewall events, counter samples. */
  events = 0;
  /** Flows that waited for their template. */
  late = 0;
  /** Sets that were thrown away before their template came. */
  expired = 0;
  /** Sequence numbers that nothing came with: datagrams (v9, sFlow), flows (v5) or records (IPFIX). */
  lost = 0;
  /** How often numbers were missing. */
  gaps = 0;
  reordered = 0;
  restarts = 0;
}

export type KnownTemplate = {
  plan: Plan /** When it was last announced or used. */;
  seenMs: number /** Known from before a start of either side. */;
  isStale: boolean;
};

/** A number within the sequence: how far behind it may be to count as late and not as a new beginning. */
const reorderWindow = 20_000;
/** A step ahead that no loss explains. */
const longestGap = 50_000_000;

export class Domain {
  readonly id: number;
  readonly version: number;
  readonly counters = new DomainCounters();
  readonly templates = new Map<number, KnownTemplate>();
  /** Rates by the id of a sampler; the exporter's own, without an id, is `rate`. */
  readonly samplers = new Map<number, number>();
  /** One packet in so many, or 0 while nobody has said so. */
  rate = 0;
  /** When the exporter started, in milliseconds since 1970, as an options record told; 0 when none did. */
  bootMs = 0;
  /** The same as it follows from records that cannot be later than their message; Infinity before the first. */
  guessedBootMs = Number.POSITIVE_INFINITY;
  waiting: WaitingSet[] = [];
  waitingOctets = 0;
  /** Flows a second, over the last ten or so. */
  flowRate = 0;
  #flowsBefore = 0;
  #expected = -1;
  #uptimeMs = -1;

  constructor(version: number, id: number) {
    this.version = version;
    this.id = id;
  }

  /** Takes a template; true when it says something new. */
  learn(template: Template, plan: () => Plan, nowMs: number): boolean {
    const known = this.templates.get(template.id);
    if (known !== undefined && isSameTemplate(known.plan.template, template)) {
      known.seenMs = nowMs;
      known.isStale = false;
      return false;
    }
    this.templates.set(template.id, { plan: plan(), seenMs: nowMs, isStale: false });
    return true;
  }

  /**
   * Notes the sequence number of a datagram that holds `units` of what the version counts, or -1 where that cannot be
   * known; and the uptime, which falls when the exporter has started anew.
   */
  follow(sequence: number, units: number, uptimeMs: number): void {
    if (uptimeMs > 0 && this.#uptimeMs - uptimeMs > 10_000 && this.#uptimeMs - uptimeMs < 2 ** 31) this.#restart();
    if (uptimeMs > 0) this.#uptimeMs = uptimeMs;
    const expected = this.#expected;
    if (expected >= 0) {
      const gap = (sequence - expected) | 0;
      if (gap < 0 && gap > -reorderWindow) {
        // It was counted as lost when its successor came.
        this.counters.reordered++;
        this.counters.lost = Math.max(0, this.counters.lost - Math.max(1, units));
        return;
      }
      if (gap < 0 || gap > longestGap) this.#restart();
      else if (gap > 0) {
        this.counters.lost += gap;
        this.counters.gaps++;
      }
    }
    this.#expected = units < 0 ? -1 : (sequence + units) >>> 0;
  }

  /** To be called once a second. */
  tick(): void {
    this.flowRate += (this.counters.flows - this.#flowsBefore - this.flowRate) / 10;
    this.#flowsBefore = this.counters.flows;
  }

  #restart(): void {
    this.counters.restarts++;
    this.#expected = -1;
    this.guessedBootMs = Number.POSITIVE_INFINITY;
    this.bootMs = 0;
    for (const known of this.templates.values()) known.isStale = true;
  }
}
