import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { writeCapture } from '../../bench/capture-packets.ts';
import { writeSingles } from '../../bench/single-packets.ts';
import { CaptureIntake } from '../../src/flows/import/capture-intake.ts';
import { createMeter } from '../../src/flows/meter/meter.ts';
import { meterDefaults } from '../../src/flows/meter/options.ts';
import { RecordBatch } from '../../src/flows/meter/record-batch.ts';
import { createCaptureReader } from '../../src/packets/index.ts';

/** Meters what a maker writes. */
function meterOf(make: (onBlock: (block: Uint8Array) => void) => void): { packets: number; flows: number; skipped: object } {
  const batch = new RecordBatch();
  let flows = 0;
  const full = () => {
    flows += batch.count;
    return batch.emptied();
  };
  const meter = createMeter(meterDefaults, { batch, full });
  const intake = new CaptureIntake(meter, 'outer');
  const reader = createCaptureReader(intake);
  make((block) => reader.push(block));
  reader.end();
  meter.flush();
  return { packets: reader.packets, flows: flows + batch.count, skipped: intake.skipped };
}

test('the capture has the packets asked for, all of them in flows of some eleven packets', () => {
  const { packets, flows, skipped } = meterOf((onBlock) => writeCapture({ packets: 100_000 }, onBlock));
  expect({ packets, skipped }).toEqual({ packets: 100_000, skipped: {} });
  expect(packets / flows).toBeGreaterThan(9);
  expect(packets / flows).toBeLessThan(13);
});

test('the same numbers give the same capture', () => {
  const digest = (seed: number): string => {
    const hash = createHash('sha256');
    writeCapture({ packets: 5000, seed }, (block) => hash.update(block));
    return hash.digest('hex');
  };
  expect(digest(1)).toBe(digest(1));
  expect(digest(1)).not.toBe(digest(2));
});

test('each single packet is a flow', () => {
  expect(meterOf((onBlock) => writeSingles({ packets: 50_000 }, onBlock))).toEqual({ packets: 50_000, flows: 50_000, skipped: {} });
});
