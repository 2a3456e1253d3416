import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaptureInterface } from './link.ts';
import { Packet } from './packet.ts';
import { Clock, ticksOfResolution } from './timestamp.ts';

/** Time within 1970 to 2262 as nanoseconds, by the clock under test. */
function nanosBy(resolution: number, count: bigint): bigint | undefined {
  const link = new CaptureInterface(0, 0, 1, 0);
  link.ticksPerSecond = ticksOfResolution(resolution);
  const packet = new Packet();
  const isStamped = new Clock(link).stamp(packet, Number(count >> 32n), Number(count & 0xffffffffn));
  return isStamped ? BigInt(packet.seconds) * 1_000_000_000n + BigInt(packet.nanos) : undefined;
}

test('agrees with BigInt for any count and resolution, at the edges of seconds too', () => {
  const edge = fc.tuple(fc.nat(9_223_372_034), fc.constantFrom(-1n, 0n, 1n)).map(([second, step]) => ({ second: BigInt(second), step }));
  fc.assert(
    fc.property(fc.constantFrom(0, 3, 6, 7, 8, 9, 10, 12, 0x80, 0x8a, 0x94, 0x9e, 0xa0), edge, (resolution, { second, step }) => {
      const ticks = ticksOfResolution(resolution);
      const count = second * ticks + step;
      if (count < 0n || count >= 1n << 64n) return;
      expect(nanosBy(resolution, count)).toBe((count * 1_000_000_000n) / ticks);
    }),
    { numRuns: 3000 },
  );
});

test('agrees with BigInt for any 64-bit count, or says that it cannot be stored', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 3, 6, 9, 12, 0x94), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (resolution, count) => {
      const nanos = (count * 1_000_000_000n) / ticksOfResolution(resolution);
      expect(nanosBy(resolution, count)).toBe(nanos / 1_000_000_000n > 9_223_372_035n ? undefined : nanos);
    }),
    { numRuns: 3000 },
  );
});
