import { expect, test } from 'vitest';
import { octets } from './frame-builder.ts';
import { captureSeeds, fuzzCapture, fuzzCaptures } from './fuzz.ts';
import { CaptureReader } from './reader.ts';

test('what fuzzing starts from is read whole', () => {
  for (const seed of captureSeeds) expect(readAll(seed)).toEqual({ packets: seed === captureSeeds[0] ? 8 : 9, cut: 0 });
});

function readAll(file: Uint8Array) {
  const reader = new CaptureReader({ frame: () => undefined });
  reader.push(file);
  reader.end();
  return { packets: reader.packets, cut: reader.warnings.count('cut') };
}

test('any octets are a capture or a problem', () => {
  for (const text of ['', '0a0d0d0a', 'd4c3b2a1', '00000000000000000000000000']) fuzzCapture(octets(text));
});

test('mutated captures give packets or a problem, in bounded time', () => {
  const report = fuzzCaptures(20_260_801, 3000);
  // Both must happen often, or the mutations test nothing.
  expect(report.packets).toBeGreaterThan(3000);
  expect(report.refused).toBeGreaterThan(300);
});
