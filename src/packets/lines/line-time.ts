/** The time that begins a line, in one of tcpdump's spellings. */
import type { LineBuffer } from './line-buffer.ts';

/** `clock` is the local time of day, `date` the same with its date, `epoch` seconds since 1970, `delta` since the packet before. */
export const lineTimes = ['clock', 'date', 'epoch', 'delta', 'none'] as const;
export type LineTimeForm = (typeof lineTimes)[number];

export class LineTime {
  readonly #form: LineTimeForm;
  #second = Number.NaN;
  #text = '';
  #lastSeconds = 0;
  #lastMicros = -1;

  constructor(form: LineTimeForm) {
    this.#form = form;
  }

  /** Writes the time of a packet and a space behind it. */
  write(line: LineBuffer, seconds: number, nanos: number): void {
    if (this.#form === 'none') return;
    let micros = (nanos / 1000) | 0;
    if (this.#form === 'delta') micros = this.#writeDelta(line, seconds, micros);
    else {
      if (seconds !== this.#second) this.#turn(seconds);
      line.text(this.#text);
    }
    line.six(micros);
    line.octet(32);
  }

  #turn(seconds: number): void {
    this.#second = seconds;
    this.#text = `${this.#form === 'epoch' ? seconds : localTime(seconds, this.#form === 'date')}.`;
  }

  /** Writes whole seconds and a dot; answers the microseconds. */
  #writeDelta(line: LineBuffer, seconds: number, micros: number): number {
    const isFirst = this.#lastMicros < 0;
    const delta = isFirst ? 0 : (seconds - this.#lastSeconds) * 1_000_000 + micros - this.#lastMicros;
    this.#lastSeconds = seconds;
    this.#lastMicros = micros;
    if (delta < 0) line.octet(45);
    const whole = Math.floor(Math.abs(delta) / 1_000_000);
    line.decimal(whole);
    line.octet(46);
    return Math.abs(delta) - whole * 1_000_000;
  }
}

function localTime(seconds: number, hasDate: boolean): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return hasDate ? `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}` : clock;
}
