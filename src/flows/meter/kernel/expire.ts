/** The flows whose time-outs have passed, as expiry.ts has them: found in the slots of the timer wheel, and ended in the order in which they passed. */
import { state } from '../flow-record.ts';
import { link, recordOf, unlink } from './begin.ts';
import { endSeen, idle, recordSpan, slots } from './constants.ts';
import { end } from './end.ts';
import { counting, recordAt } from './layout.ts';
import { type f64, floor, type i32, load32, loadF64, storeF64, toF64, toI32, toLong } from './words.ts';

const isClosed = (record: i32): boolean => (load32(record + recordAt.state) & state.closed) !== 0;

const protocolOf = (record: i32): i32 => load32(record + recordAt.meta) & 255;

/** Ticks from the last packet of a flow to its time-out; 0 for never. */
const ticksOf = (record: i32): i32 => {
  const closeTicks = load32(counting.closeTicks);
  return isClosed(record) && closeTicks > 0 ? closeTicks : load32(counting.idleTicks + (protocolOf(record) << 2));
};

/** What is due is sorted by: 31 bits of time within a slot, above 22 bits with the number of the record. */
const orderOf = (record: i32, number: i32, slotStart: f64, tickSeconds: f64): f64 => {
  const idleNs = loadF64(counting.idleNs + (protocolOf(record) << 3));
  const passed = (loadF64(record + recordAt.last) - slotStart) * 1e9 + toF64(load32(record + recordAt.lastNanos)) + idleNs;
  let order = floor(passed / tickSeconds) + 2e9;
  if (order < 0) order = 0;
  if (order > 2147483647) order = 2147483647;
  return order * recordSpan + toF64(number);
};

/**
 * Looks at the flows in the slot of a tick: those that had packets since they were put there go where they belong now, the others are out of the wheel and
 * noted as due. Answers how many these are.
 */
export function sweep(tick: i32, slotStart: f64, tickSeconds: f64): i32 {
  let due = load32(counting.due);
  const from = due;
  let number = load32(counting.heads + ((tick & (slots - 1)) << 2));
  while (number >= 0) {
    const record = recordOf(number);
    const next = load32(record + recordAt.next);
    const ticks = ticksOf(record);
    const deadline = load32(record + recordAt.touched) + ticks;
    unlink(record);
    if (deadline - tick > 0) {
      if (ticks > 0) link(record, number, deadline);
    } else {
      storeF64(due, orderOf(record, number, slotStart, tickSeconds));
      due += 8;
    }
    number = next;
  }
  return (due - from) >> 3;
}

/** Ends what is due, from one address to another, as long as there is room; answers where it stopped. */
export function endDue(from: i32, to: i32): i32 {
  let at = from;
  while (at < to && load32(counting.endedCount) < load32(counting.endedRoom)) {
    const number = toI32(toLong(loadF64(at))) & (recordSpan - 1);
    end(number, isClosed(recordOf(number)) ? endSeen : idle);
    at += 8;
  }
  return at;
}
