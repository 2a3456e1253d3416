import type { CaptureInterface } from './link.ts';
import type { Packet } from './packet.ts';

/** Seconds that a signed 64-bit count of nanoseconds can hold: the years 1677 to 2262. */
const lastSecond = 9_223_372_035;

/** Ticks a second that an `if_tsresol` octet means: 10^-n, or 2^-n with the high bit set (pcapng section 4.2). */
export function ticksOfResolution(octet: number): bigint {
  return (octet & 0x80) === 0 ? 10n ** BigInt(octet) : 2n ** BigInt(octet & 0x7f);
}

/**
 * Turns the 64-bit tick counts of one interface into seconds and nanoseconds, exactly. Doubles hold integers up to 2^53 only, so counts
 * above that (any nanosecond clock after April 1970) are divided in base 65536, and odd resolutions with BigInt.
 */
export class Clock {
  readonly #ticks: bigint;
  readonly #offsetSeconds: number;
  /** Ticks a second as a double, or 0 when long division in doubles cannot be exact and BigInt must do it. */
  readonly #fast: number;

  constructor(link: CaptureInterface) {
    this.#ticks = link.ticksPerSecond;
    this.#offsetSeconds = link.offsetSeconds;
    // Only divisors of 10^9 turn a remainder into whole nanoseconds; and remainder * 65536 must stay below 2^53.
    this.#fast = this.#ticks <= 1_000_000_000n && 1_000_000_000n % this.#ticks === 0n ? Number(this.#ticks) : 0;
  }

  /** Sets the time of `packet`; false (and no change) when it lies outside of what can be stored. */
  stamp(packet: Packet, high: number, low: number): boolean {
    if (this.#fast === 0) return this.#stampExactly(packet, high, low);
    const ticks = this.#fast;
    let seconds: number;
    let rest: number;
    if (high < 0x20_0000) {
      const count = high * 4_294_967_296 + low;
      seconds = Math.floor(count / ticks);
      rest = count - seconds * ticks;
    } else {
      const quotientHigh = Math.floor(high / ticks);
      const upper = (high - quotientHigh * ticks) * 65_536 + (low >>> 16);
      const quotientUpper = Math.floor(upper / ticks);
      const lower = (upper - quotientUpper * ticks) * 65_536 + (low & 0xffff);
      const quotientLower = Math.floor(lower / ticks);
      seconds = quotientHigh * 4_294_967_296 + quotientUpper * 65_536 + quotientLower;
      rest = lower - quotientLower * ticks;
    }
    return this.#set(packet, seconds, rest * (1_000_000_000 / ticks));
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
