import fc from 'fast-check';
import { it } from 'vitest';
import { fuzzTextImport, textImportSeeds } from './fuzz.ts';

const odd = fc.constantFrom(...[0, 9, 10, 13, 32, 34, 44, 45, 48, 57, 58, 65, 91, 92, 93, 123, 125, 127, 128, 0xc2, 0xff]);

it('survives mutations of good input', () => {
  const edits = fc.array(fc.tuple(fc.nat(400), odd, fc.nat(2)), { minLength: 1, maxLength: 6 });
  const property = fc.property(fc.constantFrom(...textImportSeeds), edits, (seed, changes) => {
    const octets = [...Buffer.from(seed)];
    // Each edit replaces an octet, puts one in, or takes two away.
    for (const [at, octet, kind] of changes) octets.splice(at % octets.length, [1, 0, 2][kind] as number, ...(kind === 2 ? [] : [octet]));
    fuzzTextImport(Uint8Array.from(octets));
  });
  fc.assert(property, { seed: 61, numRuns: 500 });
});

it('survives any octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => fuzzTextImport(octets)),
    { seed: 62, numRuns: 200 },
  );
});
