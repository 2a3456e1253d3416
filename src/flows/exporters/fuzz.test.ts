import { expect, test } from 'vitest';
import { CollectedRows } from './collected.ts';
import { Decoder } from './decoder.ts';
import { exportSeeds, fuzzExports } from './fuzz.ts';

test('what fuzzing starts from is read whole', () => {
  const counts = exportSeeds.map((seed) => {
    const rows = new CollectedRows();
    const decoder = new Decoder(rows);
    const exporter = decoder.exporter('a', 'a') as NonNullable<ReturnType<Decoder['exporter']>>;
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    for (let at = 0; at < seed.length; at += 2 + view.getUint16(at))
      decoder.decode(new DataView(seed.buffer, seed.byteOffset + at + 2, view.getUint16(at)), { exporter, isStream: false }, 1);
    return [rows.count, exporter.faults];
  });
  expect(counts).toEqual([
    [2, {}],
    [2, {}],
    [3, {}],
  ]);
});

test('mutated datagrams are flows or counted faults', () => {
  let state = 20_261_122;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const edges = [0, 1, 2, 3, 4, 0x7f, 0x80, 0xff];
  for (let round = 0; round < 1000; round++) {
    const octets = Uint8Array.from(exportSeeds[random(exportSeeds.length)] as Uint8Array);
    for (let count = 1 + random(12); count > 0; count--) {
      const at = random(octets.length);
      if (random(2) === 0) octets[at] = edges[random(edges.length)] as number;
      else octets[at] = (octets[at] as number) ^ (1 << random(8));
    }
    try {
      fuzzExports(octets.subarray(0, random(8) === 0 ? random(octets.length) : octets.length));
    } catch (cause) {
      throw new Error(`round ${round}: ${Buffer.from(octets).toString('hex')}`, { cause });
    }
  }
});
