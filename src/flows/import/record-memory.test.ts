import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeDecimal, writeEnd } from '../end-names.ts';
import { field, field64, meta, recordDoubles, recordWords } from '../meter/flow-record.ts';
import { ended, has, RecordBatch } from '../meter/record-batch.ts';
import { RecordMemory } from './record-memory.ts';

// What the kernel makes of records is what the code for rows makes of them.
const memory = new RecordMemory();

type Record = { time?: number; address?: readonly number[]; version?: 4 | 6; ports?: number };

const take = (records: readonly Record[]): void => {
  const batch = new RecordBatch();
  for (const [i, { time = 0, address = [], version = 4, ports = 0 }] of records.entries()) {
    const at = i * recordWords;
    batch.doubles[i * recordDoubles + field64.start] = time;
    for (const [word, place] of [field.srcA, field.srcB, field.srcC, field.srcD].entries()) batch.words[at + place] = address[word] ?? 0;
    batch.words[at + field.meta] = version === 6 ? meta.ipv6 : 0;
    batch.words[at + field.ports] = ports;
    batch.words[at + ended.has] = has.ports;
  }
  batch.count = records.length;
  memory.add(batch, 0);
  memory.places.set([...records.keys()]);
  memory.kernel.survey(records.length);
};

/** Texts behind their lengths, as a list. */
const textsOf = (octets: Uint8Array): string[] => {
  const texts: string[] = [];
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at < octets.length; ) {
    const length = view.getUint32(at, true);
    texts.push(Buffer.from(octets.subarray(at + 4, at + 4 + length)).toString('latin1'));
    at += 4 + length;
  }
  return texts;
};

const spelled = (write: (octets: Uint8Array) => number): string => {
  const octets = new Uint8Array(64);
  return Buffer.from(octets.subarray(0, write(octets))).toString('latin1');
};

const boundsOf = (texts: readonly string[]) => {
  const sorted = texts.map((text) => Buffer.from(text)).sort(Buffer.compare);
  return { min: Uint8Array.from(sorted[0] as Buffer), max: Uint8Array.from(sorted.at(-1) as Buffer) };
};

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** Words with groups that are zero, short or long. */
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xff }));
const grouped = fc.tuple(group, group).map(([upper, lower]) => (upper << 16) | lower);
const addresses = fc.oneof(
  fc.tuple(grouped, grouped, grouped, grouped).map((address) => ({ address, version: 6 as const })),
  word.map((last) => ({ address: [0, 0, 0xffff, last], version: 6 as const })),
  word.map((last) => ({ address: [0, 0, 0xffff, last], version: 4 as const })),
);

describe('names', () => {
  it('are those of addresses, each once, with the least and the greatest', () => {
    fc.assert(
      fc.property(fc.array(addresses, { minLength: 1, maxLength: 300 }), (records) => {
        take(records);
        const size = memory.kernel.codeAddresses(records.length, field.srcA * 4, field.srcD * 4);
        const texts = textsOf(memory.addressTexts(size));
        const expected = records.map(({ address: [a = 0, b = 0, c = 0, d = 0], version }) =>
          spelled((octets) => writeEnd(octets, 0, version, a, b, c, d)),
        );
        expect(new Set(texts)).toEqual(new Set(expected));
        expect(memory.textBounds()).toEqual(boundsOf(expected));
      }),
    );
  });

  it('are those of all ports', () => {
    for (let from = 0; from < 65_536; from += 4096) {
      const ports = Array.from({ length: 4096 }, (_, i) => from + i);
      take(ports.map((port) => ({ ports: port << 16 })));
      const texts = textsOf(memory.portTexts(memory.kernel.codePorts(4096, 16, 0)));
      expect(texts).toEqual(ports.map((port) => spelled((octets) => writeDecimal(octets, 0, port))));
      expect(memory.textBounds()).toEqual(boundsOf(texts));
    }
  });
});

describe('the order of time', () => {
  const sorted = (times: readonly number[]): number[] => [...times.keys()].sort((a, b) => (times[a] as number) - (times[b] as number));

  it.each([
    ['one', [7]],
    ['in order', [1, 2, 2, 9]],
    ['falling', [9, 2, 2, 1]],
    ['of more than one digit', [0, 70_000, 65_536, 65_535, 5e9, 65_536, 1]],
    ['before 1970, and as far as a record can tell', [-1, 2 ** 53, -(2 ** 40), 2 ** 64, 0, 2 ** 32]],
  ])('of times %s', (_, times) => {
    take(times.map((time) => ({ time })));
    expect([...memory.placesByTime(times.length)]).toEqual(sorted(times));
    expect([memory.least, memory.most]).toEqual([Math.min(...times), Math.max(...times)]);
  });

  it('leaves those of one second as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_700_000_000, max: 1_700_300_000 }), { minLength: 1, maxLength: 2000 }), (times) => {
        take(times.map((time) => ({ time })));
        expect([...memory.placesByTime(times.length)]).toEqual(sorted(times));
      }),
    );
  });
});
