/** When the flows of records began and ended: by any of the clocks that templates use. */
import { setInteger } from '../batch.ts';
import { setTime } from '../cell.ts';
import { flowFlags } from '../schema.ts';
import { slot } from './elements.ts';
import type { ExportColumns } from './export-columns.ts';
import { readLow, readNumber } from './number.ts';
import type { RecordRun } from './record-run.ts';
import type { Clock } from './template.ts';

/** 9999-12-31T23:59:59Z: what is later is no time. */
export const latestSecond = 253_402_300_799;
/** Milliseconds of a hundred years: a longer duration is none. */
const longestMs = 3_155_760_000_000;
/** Seconds from 1900, where NTP counts from, to 1970 (RFC 5905). */
const ntpEpoch = 2_208_988_800;
const ntpFraction = 1e9 / 2 ** 32;

/** Seconds since 1970 and nanoseconds: reused from record to record. */
class Moment {
  seconds = 0;
  nanos = 0;

  set(seconds: number, nanos: number): void {
    this.seconds = seconds;
    this.nanos = nanos;
  }

  setMs(ms: number): void {
    this.seconds = Math.floor(ms / 1000);
    this.nanos = Math.round((ms - this.seconds * 1000) * 1e6);
  }

  /** The moment `ms` (which may be negative) after the other. */
  setAfter(other: Moment, ms: number): void {
    const whole = Math.floor(ms / 1000);
    this.seconds = other.seconds + whole;
    this.nanos = other.nanos + Math.round((ms - whole * 1000) * 1e6);
    if (this.nanos < 1e9) return;
    this.seconds++;
    this.nanos -= 1e9;
  }

  isBefore(other: Moment): boolean {
    return this.seconds < other.seconds || (this.seconds === other.seconds && this.nanos < other.nanos);
  }
}

const start = new Moment();
const end = new Moment();

/** Fills start, end and duration; adds to the flags, which must have been filled. */
export const fillTimes = (c: ExportColumns, run: RecordRun): void => {
  const { plan } = run;
  const base = plan.start === 'uptime' || plan.end === 'uptime' ? bootOf(run) : undefined;
  for (let i = 0, row = run.row, from = run.at; i < run.count; i++, row++, from += run.size) {
    let isInferred = base?.isGuessed === true;
    const hasEnd = readMoment(end, run, from, plan.end, plan.endSlot, base);
    const hasStart = readMoment(start, run, from, plan.start, plan.startSlot, base);
    if (!hasStart || !hasEnd) {
      const ms = readDuration(run, from);
      if (!hasStart && !hasEnd) {
        isInferred = true;
        end.setMs(run.header.unixMs);
      }
      if (hasStart) end.setAfter(start, ms);
      else start.setAfter(end, -ms);
    }
    if (end.isBefore(start)) {
      // Clocks of line cards differ; a flow is never shorter than nothing.
      end.set(start.seconds, start.nanos);
      isInferred = true;
    }
    setInteger(c.time, row, start.seconds);
    setInteger(c.duration, row, end.seconds - start.seconds - (end.nanos < start.nanos ? 1 : 0));
    setTime(c.start_time, row, start.seconds, start.nanos);
    setTime(c.end_time, row, end.seconds, end.nanos);
    if (isInferred) c.flags.u32[row]! |= flowFlags.timeInferred;
  }
};

/** Milliseconds that the record says the flow lasted; 0 where it does not. */
const readDuration = ({ view, plan: { offsets, lengths } }: RecordRun, from: number): number => {
  const milliseconds = offsets[slot.durationMilliseconds]!;
  const microseconds = offsets[slot.durationMicroseconds]!;
  let ms = 0;
  if (milliseconds >= 0) ms = readNumber(view, from + milliseconds, lengths[slot.durationMilliseconds]!);
  else if (microseconds >= 0) ms = readNumber(view, from + microseconds, lengths[slot.durationMicroseconds]!) / 1000;
  return ms > longestMs ? 0 : ms;
};

/** Reads a time of the record; false when it has none. */
const readMoment = (moment: Moment, run: RecordRun, from: number, clock: Clock, place: number, base: Boot | undefined): boolean => {
  if (clock === 'none') return false;
  const { view, plan, header } = run;
  const at = from + plan.offsets[place]!;
  if (clock === 'fraction') {
    const seconds = view.getUint32(at);
    if (seconds === 0) return false;
    const era = seconds < 0x8000_0000 ? 2 ** 32 : 0; // the next one begins in 2036
    moment.set(seconds - ntpEpoch + era, Math.min(999_999_999, Math.round(view.getUint32(at + 4) * ntpFraction)));
    return true;
  }
  let ms = readNumber(view, at, plan.lengths[place]!);
  if (clock === 'uptime') {
    // Some send Unix milliseconds of eight octets here. Else the clock wraps after 49.7 days: a signed difference.
    if (ms < 2 ** 32) ms = (base as Boot).unixMs - (((base as Boot).uptimeMs - ms) | 0);
  } else if (clock === 'seconds') ms *= 1000;
  else if (clock === 'delta') ms = header.unixMs - ms / 1000;
  if (ms === 0) return false;
  moment.setMs(ms);
  return moment.seconds >= 0 && moment.seconds <= latestSecond;
};

/** A moment on both clocks of an exporter. */
type Boot = { unixMs: number; uptimeMs: number; isGuessed: boolean };

/**
 * A moment of which both the Unix time and the uptime are known: the header of v5 and v9 has one. IPFIX has the start of the
 * exporter (element 160) in the record or in an options record; where neither came, it is taken that nothing ended after
 * its message was sent, which is right to within the time that the exporter kept the record.
 */
const bootOf = ({ view, at, size, plan, header, count, origin: { domain } }: RecordRun): Boot => {
  if (header.uptimeMs > 0) return { unixMs: header.unixMs, uptimeMs: header.uptimeMs, isGuessed: false };
  const { offsets, lengths } = plan;
  const place = offsets[slot.bootMilliseconds]!;
  const told = place >= 0 ? readNumber(view, at + place, lengths[slot.bootMilliseconds]!) : domain.bootMs;
  if (told > 0) return { unixMs: told, uptimeMs: 0, isGuessed: false };
  const field = plan.end === 'uptime' ? plan.endSlot : plan.startSlot;
  for (let i = 0, from = at + offsets[field]!; i < count; i++, from += size) {
    const boot = header.unixMs - readLow(view, from, lengths[field]!);
    if (boot < domain.guessedBootMs) domain.guessedBootMs = boot;
  }
  return { unixMs: domain.guessedBootMs, uptimeMs: 0, isGuessed: true };
};
