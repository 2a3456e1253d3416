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
import { field, field64, recordDoubles, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';
import { counting } from './kernel/layout.ts';
import type { MeterOptions } from './options.ts';
import { wheel } from './wheel.ts';

const { slots, unlinked, firstOf } = wheel;
/** Records fit in 22 bits: see `maxFlows`. */
const recordSpan = 2 ** 22;

export class Expiry {
  /** Tick of the clock, an int32 that may wrap: only differences count. */
  tick = 0;
  readonly #table: FlowTable;
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
  #due = new Float64Array(64);

  constructor(table: FlowTable, options: MeterOptions) {
    const { idleMs, udpIdleMs, icmpIdleMs, tcpCloseMs } = options;
    this.#table = table;
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

  /** Moves the clock to `seconds` and hands each flow whose time-out has passed to `end`, already out of the wheel. */
  advance(seconds: number, end: (record: number) => void): void {
    const steps = Math.floor((seconds - this.#tickStart) / this.#tickSeconds);
    if (steps <= 0) return;
    // Before the first packet there is nothing to end, and after a whole turn of the wheel nothing can be left in it.
    for (let step = 1; step <= steps && step <= slots && this.#told[counting.linked / 4]! > 0; step++) {
      this.tick = (this.tick + 1) | 0;
      this.#sweep(this.#tickStart + step * this.#tickSeconds, end);
    }
    this.#tickStart = Number.isFinite(this.#tickStart) ? this.#tickStart + steps * this.#tickSeconds : Math.floor(seconds);
  }

  #sweep(slotStart: number, end: (record: number) => void): void {
    const slot = this.tick & (slots - 1);
    let record = this.#heads[slot]!;
    if (record < 0) return;
    const words = this.#table.words;
    let count = 0;
    while (record >= 0) {
      const at = record * recordWords;
      const next = words[at + field.next]!;
      const deadline = (words[at + field.touched]! + this.#ticksOf(record)) | 0;
      if (((deadline - this.tick) | 0) > 0) this.track(record);
      else count = this.#collect(record, count, slotStart);
      record = next;
    }
    const due = this.#due.subarray(0, count).sort();
    for (let i = 0; i < count; i++) end(due[i]! % recordSpan);
  }

  /** Notes a due record under its exact deadline: 31 bits of time within the slot above 22 bits of record number. */
  #collect(record: number, count: number, slotStart: number): number {
    this.untrack(record);
    const last = this.#table.doubles[record * recordDoubles + field64.last]!;
    const at = record * recordWords;
    const idleNs = this.idleNs[this.#table.words[at + field.meta]! & 255]!;
    const passed = (last - slotStart) * 1e9 + this.#table.words[at + field.lastNanos]! + idleNs;
    const order = Math.max(0, Math.min(0x7fffffff, Math.floor(passed / this.#tickSeconds) + 2e9));
    if (count === this.#due.length) {
      const grown = new Float64Array(count * 2);
      grown.set(this.#due);
      this.#due = grown;
    }
    this.#due[count] = order * recordSpan + record;
    return count + 1;
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
