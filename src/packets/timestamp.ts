import type { CaptureInterface } from './link.ts';
import type { Packet } from './packet.ts';

/** Seconds that a signed 64-bit count of nanoseconds can hold: the years 1677 to 2262. */
const lastSecond = 9_223_372_035;

/** Ticks a second that an `if_tsresol` octet means: 10^-n, or 2^-n with the high bit set (pcapng section 4.2). */
export function ticksOfResolution(octet: number): bigint {
  return (octet & 0x80) === 0 ? 10n ** BigInt(octet) : 2n ** BigInt(octet & 0x7f);
}

/**
 * Turns the 64-bit tick counts of one interface into seconds and nanoseconds, exactly. A double holds integers up to 2^53 only, which a
 * nanosecond clock passed in April 1970. But dividing it gives the second with an error of one at most, and the ticks within the second,
 * being fewer than 2^32, come exactly from arithmetic modulo 2^32; where they are out of range they tell which way the second was wrong.
 */
export class Clock {
  readonly #ticks: bigint;
  readonly #offsetSeconds: number;
  /** Ticks a second when they divide 10^9, so that a tick is whole nanoseconds; 0 where BigInt must do it. */
  readonly #fast: number;
  readonly #nanosPerTick: number;

  constructor(link: CaptureInterface) {
    this.#ticks = link.ticksPerSecond;
    this.#offsetSeconds = link.offsetSeconds;
    const isFast = this.#ticks <= 1_000_000_000n && 1_000_000_000n % this.#ticks === 0n;
    this.#fast = isFast ? Number(this.#ticks) : 0;
    this.#nanosPerTick = isFast ? 1_000_000_000 / this.#fast : 0;
  }

  /** Sets the time of `packet`; false (and no change) when it lies outside of what can be stored. */
  stamp(packet: Packet, high: number, low: number): boolean {
    const ticks = this.#fast;
    if (ticks === 0) return this.#stampExactly(packet, high, low);
    let seconds = Math.floor((high * 4_294_967_296 + low) / ticks);
    let rest = (low - Math.imul(seconds, ticks)) >>> 0;
    if (rest >= ticks) {
      // One second too few leaves up to twice the ticks; one too many wrapped around to just below 2^32.
      const tooFew = rest < 2 * ticks;
      seconds += tooFew ? 1 : -1;
      rest = tooFew ? rest - ticks : (rest + ticks) >>> 0;
    }
    return this.#set(packet, seconds, rest * this.#nanosPerTick);
  }

  #stampExactly(packet: Packet, high: number, low: number): boolean {
    const count = (BigInt(high) << 32n) | BigInt(low);
    const nanos = ((count % this.#ticks) * 1_000_000_000n) / this.#ticks;
    return this.#set(packet, Number(count / this.#ticks), Number(nanos));
  }

  #set(packet: Packet, seconds: number, nanos: number): boolean {
    const moved = seconds + this.#offsetSeconds;
    if (moved > lastSecond || moved < -lastSecond) return false;
    packet.seconds = moved;
    packet.nanos = nanos;
    return true;
  }
}
