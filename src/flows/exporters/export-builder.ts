/** Builds datagrams of exporters from plain values, for tests, fuzzing and benchmarks. */

/** A field of a template: element and octets, and an enterprise where it has one; 65535 octets is a variable length. */
export type BuiltField = readonly [id: number, length: number, enterprise?: number];

/** A value of a record: a number or bigint of the field's length, or octets as they are. */
export type BuiltValue = number | bigint | Uint8Array;

export const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** A number of so many octets, most significant first. */
export const number = (value: number | bigint, octets: number): Uint8Array => {
  const bytes = new Uint8Array(octets);
  let rest = BigInt(value);
  for (let at = octets - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
};

/** The four octets of an IPv4 address. */
export const ipv4 = (text: string): Uint8Array => Uint8Array.from(text.split('.').map(Number));

/** A set with its header; `pad` zeros end it. */
export const set = (id: number, content: Uint8Array, pad = 0): Uint8Array =>
  join(number(id, 2), number(4 + content.length + pad, 2), content, new Uint8Array(pad));

const specifier = ([id, length, enterprise]: BuiltField): Uint8Array =>
  enterprise === undefined
    ? join(number(id, 2), number(length, 2))
    : join(number(id | 0x8000, 2), number(length, 2), number(enterprise, 4));

/** A template without its set: the same for v9 and, with fields of enterprises, IPFIX. */
export const template = (id: number, fields: readonly BuiltField[]): Uint8Array =>
  join(number(id, 2), number(fields.length, 2), ...fields.map(specifier));

/** An options template of v9; the first `scope` fields are scopes. */
export const optionsTemplate9 = (id: number, scope: number, fields: readonly BuiltField[]): Uint8Array =>
  join(number(id, 2), number(scope * 4, 2), number((fields.length - scope) * 4, 2), ...fields.map(specifier));

/** An options template of IPFIX. */
export const optionsTemplate10 = (id: number, scope: number, fields: readonly BuiltField[]): Uint8Array =>
  join(number(id, 2), number(fields.length, 2), number(scope, 2), ...fields.map(specifier));

/** A record: a value for each field. */
export const record = (fields: readonly BuiltField[], values: readonly BuiltValue[]): Uint8Array =>
  join(
    ...fields.map(([, length], at) => {
      const value = values[at] as BuiltValue;
      if (!(value instanceof Uint8Array)) return number(value, length);
      if (length !== 65_535) return value;
      return value.length < 255 ? join([value.length], value) : join([255], number(value.length, 2), value);
    }),
  );

export type Header9 = { uptimeMs?: number; unix?: number; sequence?: number; domain?: number; count?: number };

/** A datagram of NetFlow v9. */
export const netflow9 = (
  { uptimeMs = 100_000, unix = 1_700_000_000, sequence = 0, domain = 0, count = 1 }: Header9,
  ...sets: Uint8Array[]
) => join(number(9, 2), number(count, 2), number(uptimeMs, 4), number(unix, 4), number(sequence, 4), number(domain, 4), ...sets);

export type Header10 = { unix?: number; sequence?: number; domain?: number };

/** An IPFIX message. */
export const ipfix = ({ unix = 1_700_000_000, sequence = 0, domain = 0 }: Header10, ...sets: Uint8Array[]): Uint8Array => {
  const content = join(...sets);
  return join(number(10, 2), number(16 + content.length, 2), number(unix, 4), number(sequence, 4), number(domain, 4), content);
};

export type Record5 = {
  src: string;
  dst: string;
  srcPort: number;
  dstPort: number;
  packets: number;
  octets: number;
  first: number;
  last: number;
};

/** A datagram of NetFlow v5. `sampling` is its interval. */
export const netflow5 = (
  { uptimeMs = 100_000, unix = 1_700_000_000, sequence = 0, sampling = 0 }: Header9 & { sampling?: number },
  records: readonly Record5[],
): Uint8Array =>
  join(
    number(5, 2),
    number(records.length, 2),
    number(uptimeMs, 4),
    number(unix, 4),
    number(0, 4),
    number(sequence, 4),
    [0, 0],
    number(sampling, 2),
    ...records.map((r) =>
      join(
        ipv4(r.src),
        ipv4(r.dst),
        ipv4('0.0.0.0'),
        number(1, 2),
        number(2, 2),
        number(r.packets, 4),
        number(r.octets, 4),
        number(r.first, 4),
        number(r.last, 4),
        number(r.srcPort, 2),
        number(r.dstPort, 2),
        [0, 0x1b, 6, 0],
        number(65_001, 2),
        number(65_002, 2),
        [24, 16, 0, 0],
      ),
    ),
  );

/** The fields that most exporters send: 53 octets a record. */
export const commonFields: readonly BuiltField[] = [
  [8, 4],
  [12, 4],
  [15, 4],
  [10, 4],
  [14, 4],
  [2, 4],
  [1, 4],
  [22, 4],
  [21, 4],
  [7, 2],
  [11, 2],
  [6, 1],
  [4, 1],
  [5, 1],
  [16, 4],
  [17, 4],
  [61, 1],
];

/** A record of `commonFields`; `seed` makes it differ from others. */
export const commonRecord = (seed: number): Uint8Array =>
  record(commonFields, [
    number(0x0a000000 + (seed % 50_000), 4),
    number(0xc0a80000 + ((seed * 7) % 30_000), 4),
    ipv4('192.0.2.1'),
    1 + (seed % 4),
    5,
    1 + (seed % 100),
    40 + ((seed * 97) % 150_000),
    80_000 + (seed % 10_000),
    90_000 + (seed % 10_000),
    1024 + (seed % 60_000),
    [443, 80, 53, 22][seed % 4] as number,
    0x1b,
    seed % 4 === 2 ? 17 : 6,
    0,
    65_001,
    65_002,
    0,
  ]);
