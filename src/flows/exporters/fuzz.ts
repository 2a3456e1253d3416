/** Fuzzing of the export decoders: any octets are flows or a counted fault, in bounded time and memory. */
import { CollectedRows } from './collected.ts';
import { Decoder } from './decoder.ts';
import {
  commonFields,
  commonRecord,
  ipfix,
  join,
  netflow5,
  netflow9,
  number,
  optionsTemplate9,
  record,
  set,
  template,
} from './export-builder.ts';
import { decoderLimits } from './limits.ts';
import { describeTemplates } from './template-file.ts';

/** Bounds so narrow that mutation reaches them. */
const narrow = { ...decoderLimits, exporters: 4, domains: 8, templates: 32, waitingSets: 16, waitingOctets: 4096 };

const text = (content: string): Uint8Array => Uint8Array.from(Buffer.from(content));
const options = [
  [1, 4],
  [48, 1],
  [50, 4],
  [34, 4],
] as const;
const strings = [
  [8, 4],
  [82, 65_535],
  [2, 4],
  [371, 65_535],
  [315, 65_535],
  [152, 8],
  [153, 8],
] as const;
const frame = join(
  new Uint8Array(12),
  number(0x0800, 2),
  [0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
  number(53, 2),
  number(53, 2),
  new Uint8Array(4),
);

/** A datagram of sFlow with a sample of each kind. */
const sflow = (): Uint8Array => {
  const words = (...values: number[]): Uint8Array => join(...values.map((value) => number(value, 4)));
  const item = (format: number, content: Uint8Array): Uint8Array => join(words(format, content.length), content);
  const padded = join(frame, new Uint8Array((4 - (frame.length % 4)) % 4));
  const header = item(1, join(words(1, 100, 4, frame.length), padded));
  const router = item(1002, words(1, 0xc0000201, 24, 16));
  const gateway = item(1003, words(1, 0xc0000201, 65_001, 65_002, 65_003, 1, 2, 2, 65_004, 65_005, 0, 100));
  const ip = item(3, words(60, 17, 0x0a000001, 0x0a000002, 53, 53, 0, 0));
  const sample = item(1, join(words(1, 5, 1000, 9000, 0, 1, 2, 3), header, router, gateway));
  const expanded = item(3, join(words(1, 0, 5, 1000, 9000, 0, 0, 1, 0, 2, 1), ip));
  return join(words(5, 1, 0xc0000209, 0, 7, 1000, 3), sample, expanded, item(2, words(1, 2, 3)));
};

/** Datagrams of every version, one behind the other with its length before it: what mutation starts from. */
export const exportSeeds: readonly Uint8Array[] = [
  [
    netflow9({}, set(0, template(256, commonFields)), set(256, join(commonRecord(1), commonRecord(2)), 2)),
    netflow9({ sequence: 1 }, set(257, new Uint8Array(20))),
    netflow9({ sequence: 2 }, set(1, optionsTemplate9(257, 1, options)), set(257, record(options, [1, 2, 3, 4]))),
  ],
  [
    ipfix({}, set(256, commonRecord(3))),
    ipfix({ sequence: 1 }, set(2, template(256, commonFields)), set(2, template(258, strings))),
    ipfix(
      { sequence: 2 },
      set(258, record(strings, [1, text('eth0'), 7, text('x'.repeat(300)), frame, 1_700_000_000_000n, 1_700_000_001_000n])),
    ),
  ],
  [netflow5({}, [{ src: '10.0.0.1', dst: '10.0.0.2', srcPort: 1, dstPort: 2, packets: 3, octets: 4, first: 5, last: 6 }]), sflow()],
].map((datagrams) => join(...datagrams.map((bytes) => join(number(bytes.length, 2), bytes))));

/** One round; throws an Error that tells what is not as it must be. */
export function fuzzExports(octets: Uint8Array): void {
  const rows = new CollectedRows();
  const decoder = new Decoder(rows, { limits: narrow, macs: true });
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  let nowMs = 1_700_000_000_000;
  for (let at = 0; octets.length - at >= 2; nowMs += 20_000) {
    const length = Math.min(view.getUint16(at), octets.length - at - 2);
    const exporter = decoder.exporter('192.0.2.1', '192.0.2.1');
    if (exporter === undefined) throw new Error('the first exporter found no room');
    decoder.decode(new DataView(octets.buffer, octets.byteOffset + at + 2, length), { exporter, isStream: (at & 1) === 1 }, nowMs);
    at += 2 + length;
    decoder.tick(nowMs);
  }
  checkDecoder(decoder, rows);
}

const checkDecoder = (decoder: Decoder, rows: CollectedRows): void => {
  let flows = 0;
  let templates = 0;
  let waiting = 0;
  for (const { domains } of decoder.exporters.values()) {
    if (domains.size > narrow.domains) throw new Error(`${domains.size} domains`);
    for (const domain of domains.values()) {
      flows += domain.counters.flows;
      templates += domain.templates.size;
      waiting += domain.waitingOctets;
      if (domain.waiting.length > narrow.waitingSets) throw new Error(`${domain.waiting.length} sets wait`);
    }
  }
  if (flows !== rows.count) throw new Error(`${flows} flows were counted, ${rows.count} are there`);
  if (templates > narrow.templates || waiting > narrow.waitingOctets) throw new Error(`${templates} templates, ${waiting} octets wait`);
  for (const row of rows.rows()) {
    if (Number(row.duration) < 0) throw new Error(`a flow of ${row.duration} s`);
    if (row.src_comp === '' || row.exporter !== '192.0.2.1') throw new Error(`an end ${row.src_comp} of exporter ${row.exporter}`);
    if (!Number.isSafeInteger(Number(row.time))) throw new Error(`time ${row.time}`);
  }
  JSON.parse(describeTemplates(decoder.exporters.values()));
};
