/**
 * A timer wheel on packet time that finds the flows whose idle time-out has passed, in the order in which it passed.
 *
 *   slots:  | t | t+1 | t+2 | ... | t+1023 |     one list of records each; t is the tick of the meter's clock
 *
 * A packet does not move its flow in the wheel; it only notes the tick. A flow is looked at in the slot where it was put
 * and, if packets came since, put where it belongs now: about one move for each time-out, whatever the packet rate. The
 * meter itself decides at each packet whether the flow is over (to the nanosecond); the wheel frees memory, and is late
 * by up to two ticks. A tick is a second, or longer where a time-out would not fit the wheel otherwise.
 */

import { protocols } from './flow-key.ts';
import { field, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';
import type { Kernel } from './kernel/kernel.ts';
import { counting } from './kernel/layout.ts';
import type { MeterOptions } from './options.ts';
import { wheel } from './wheel.ts';

const { slots, unlinked, firstOf } = wheel;

/** Ends flows that are out of the wheel, in the order of what is noted of each (kernel/expire.ts). */
export type EndDue = (due: Float64Array) => void;

export class Expiry {
  /** Tick of the clock, an int32 that may wrap: only differences count. */
  tick = 0;
  readonly #table: FlowTable;
  readonly #kernel: Kernel;
  // These lie where the kernel finds them, which puts flows into the wheel as well.
  readonly #heads: Int32Array;
  readonly #told: Int32Array;
  /** Idle time-out by protocol in nanoseconds, Infinity for never. */
  readonly idleNs: Float64Array;
  /** The same in ticks, rounded up and one more; 0 for never. */
  readonly #idleTicks: Int32Array;
  readonly #tickSeconds: number;
  readonly #closeTicks: number;
  #tickStart = Number.NEGATIVE_INFINITY;

  constructor(table: FlowTable, kernel: Kernel, options: MeterOptions) {
    const { idleMs, udpIdleMs, icmpIdleMs, tcpCloseMs } = options;
    this.#table = table;
    this.#kernel = kernel;
    const { buffer } = table.memory;
    this.#told = new Int32Array(buffer, 0, counting.idleNs / 4);
    this.#heads = new Int32Array(buffer, counting.heads, slots).fill(-1);
    this.idleNs = new Float64Array(buffer, counting.idleNs, 256);
    this.#idleTicks = new Int32Array(buffer, counting.idleTicks, 256);
    const least = Math.max(idleMs, udpIdleMs, icmpIdleMs, tcpCloseMs) / 1000 / (slots - 4);
    this.#tickSeconds = Math.max(options.tickSeconds, least <= options.tickSeconds ? 0 : Math.ceil(least));
    const ticks = (ms: number): number => (ms === 0 ? 0 : Math.ceil(ms / 1000 / this.#tickSeconds) + 1);
    const set = (protocol: number, ms: number): void => {
      this.idleNs[protocol] = ms === 0 ? Number.POSITIVE_INFINITY : ms * 1e6;
      this.#idleTicks[protocol] = ticks(ms);
    };
    for (let protocol = 0; protocol < 256; protocol++) set(protocol, idleMs);
    for (const protocol of [protocols.udp, protocols.udpLite]) set(protocol, udpIdleMs);
    for (const protocol of [protocols.icmp, protocols.icmpv6]) set(protocol, icmpIdleMs);
    this.#closeTicks = ticks(tcpCloseMs);
    this.#told[counting.closeTicks / 4] = this.#closeTicks;
  }

  /** Prepares a record that is in no slot. */
  forget(record: number): void {
    this.#table.words[record * recordWords + field.previous] = unlinked;
  }

  /** Puts a record into the slot where its time-out passes, or nowhere if it has none; takes it out of its old slot. */
  track(record: number): void {
    this.untrack(record);
    const ticks = this.#ticksOf(record);
    if (ticks > 0) this.#link(record, (this.#table.words[record * recordWords + field.touched]! + ticks) | 0);
  }

  untrack(record: number): void {
    const words = this.#table.words;
    const at = record * recordWords;
    const previous = words[at + field.previous]!;
    if (previous === unlinked) return;
    const next = words[at + field.next]!;
    if (previous >= 0) words[previous * recordWords + field.next] = next;
    else this.#heads[firstOf - previous] = next;
    if (next >= 0) words[next * recordWords + field.previous] = previous;
    words[at + field.previous] = unlinked;
    this.#told[counting.linked / 4]!--;
  }

  /** Moves the clock to `seconds` and hands the flows whose time-outs have passed to `end`, already out of the wheel. */
  advance(seconds: number, end: EndDue): void {
    const steps = Math.floor((seconds - this.#tickStart) / this.#tickSeconds);
    if (steps <= 0) return;
    // Before the first packet there is nothing to end, and after a whole turn of the wheel nothing can be left in it.
    for (let step = 1; step <= steps && step <= slots && this.#told[counting.linked / 4]! > 0; step++) {
      this.tick = (this.tick + 1) | 0;
      this.#sweep(this.#tickStart + step * this.#tickSeconds, end);
    }
    this.#tickStart = Number.isFinite(this.#tickStart) ? this.#tickStart + steps * this.#tickSeconds : Math.floor(seconds);
  }

  /** Those that have had packets since go where they belong now; the others end. */
  #sweep(slotStart: number, end: EndDue): void {
    if (this.#heads[this.tick & (slots - 1)]! < 0) return;
    const count = this.#kernel.sweep(this.tick, slotStart, this.#tickSeconds);
    if (count === 0) return;
    const due = this.#table.due.subarray(0, count);
    end(count === 1 ? due : due.sort());
  }

  #ticksOf(record: number): number {
    const at = record * recordWords;
    const words = this.#table.words;
    if ((words[at + field.state]! & state.closed) !== 0 && this.#closeTicks > 0) return this.#closeTicks;
    return this.#idleTicks[words[at + field.meta]! & 255]!;
  }

  #link(record: number, deadline: number): void {
    const words = this.#table.words;
    const slot = deadline & (slots - 1);
    const at = record * recordWords;
    const next = this.#heads[slot]!;
    words[at + field.next] = next;
    words[at + field.previous] = firstOf - slot;
    if (next >= 0) words[next * recordWords + field.previous] = record;
    this.#heads[slot] = record;
    this.#told[counting.linked / 4]!++;
  }
}
