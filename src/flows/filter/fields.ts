/**
 * The vocabulary of the filter language, one entry for a field: its words, where it can look, how its values are read
 * and written, and which SQL answers for it. The parser, the compiler, the formatter and the completion are
 * all driven by this table, and the reference page is checked against it.
 */

import { readMoment } from '../../core/moment.ts';
import { durationUnits, formatDuration, readCount, readDuration } from '../../core/quantity.ts';
import { type ColumnName, columns } from '../schema.ts';
import type { SideWord, Value } from './ast.ts';
import { directionNames, endReasonNames, type Names, nameOf, protocolNames, tunnelNames, versionNames } from './names.ts';

/** A piece of SQL that yields one number or NULL; parameters compared with it are cast to `type`, so that the column is not. */
export type Operand = { readonly sql: string; readonly type: string; readonly isNullable: boolean };

type Common = {
  /** Canonical word first. */
  readonly words: readonly [string, ...string[]];
  /** The two sides, where a field has them. */
  readonly sides: readonly SideWord[];
  /** What an error asks for: `a port number (0 to 65535)`. */
  readonly expected: string;
};

export type NumberField = Common & {
  readonly kind: 'number' | 'port';
  /** A value in the text of a filter, or undefined when it is none of this field. */
  readonly read: (text: string) => Value | undefined;
  /** Its inverse. */
  readonly write: (value: Value) => string;
  /** Asked without a side: one of these has to answer yes. */
  readonly operands: readonly Operand[];
  /** Asked with a side; `sides` has the keys. */
  readonly bySide: Readonly<Partial<Record<SideWord, Operand>>>;
  /** Words for values, for hints and completion. */
  readonly names?: Names;
};

export type Field = NumberField | (Common & { readonly kind: 'host' | 'net' | 'router' | 'flags' | 'mark' });

/** Other words for a side, where the field has that side: `dst bytes` is `rev bytes`, `src if` is `in if`. */
export const sideAliases: Readonly<Record<string, readonly SideWord[]>> = {
  src: ['src', 'in'],
  dst: ['dst', 'rev', 'out'],
  rev: ['rev'],
  in: ['in'],
  out: ['out'],
  min: ['min'],
  max: ['max'],
};

const schema = new Map(columns.map((column) => [column.name, column]));

const columnOf = (name: ColumnName): Operand => {
  const { type, nullable } = schema.get(name)!;
  return { sql: name, type, isNullable: nullable };
};

/** The count of the whole session. HUGEINT: two hostile 64-bit counters may not stop a query with an overflow. */
const bothWays = (forward: ColumnName, reverse: ColumnName): Operand => ({
  sql: `(${forward}::HUGEINT + coalesce(${reverse}, 0))`,
  type: 'HUGEINT',
  isNullable: false,
});

/** Nanoseconds from first to last packet, exact where the flow has time stamps, else from its whole seconds. */
export const exactDuration: Operand = {
  sql: '(coalesce(epoch_ns(end_time)::HUGEINT - epoch_ns(start_time)::HUGEINT, duration::HUGEINT * 1000000000))',
  type: 'HUGEINT',
  isNullable: false,
};

const octets = bothWays('byte_count', 'rev_byte_count');
const packets = bothWays('packet_count', 'rev_packet_count');

/** A quotient, 0 where there is nothing to divide by: a lone packet has no rate (as nfdump counts). */
const quotient = (count: Operand, factor: string, by: Operand): Operand => ({
  sql: `(CASE WHEN ${by.sql} = 0 THEN 0::DOUBLE ELSE ${count.sql}::DOUBLE * ${factor}::DOUBLE / ${by.sql}::DOUBLE END)`,
  type: 'DOUBLE',
  isNullable: false,
});

const greatest: Record<string, bigint> = {
  BIGINT: (1n << 63n) - 1n,
  UBIGINT: (1n << 64n) - 1n,
  UINTEGER: (1n << 32n) - 1n,
  USMALLINT: 65535n,
  UTINYINT: 255n,
  HUGEINT: (1n << 65n) - 2n,
};

const plainNumber = /^(?:[0-9]{1,20}|0x[0-9a-f]{1,16})$/i;

const readWhole = (text: string): bigint | undefined => (plainNumber.test(text) ? BigInt(text) : undefined);

const upTo = (max: bigint, read: (text: string) => bigint | undefined) => (text: string) => {
  const value = read(text);
  return value !== undefined && value <= max ? value : undefined;
};

type Looks = { readonly operands: readonly Operand[]; readonly bySide?: NumberField['bySide'] };

const either = (a: SideWord, aColumn: ColumnName, b: SideWord, bColumn: ColumnName): Looks => ({
  operands: [columnOf(aColumn), columnOf(bColumn)],
  bySide: { [a]: columnOf(aColumn), [b]: columnOf(bColumn) },
});

const only = (...names: ColumnName[]): Looks => ({ operands: names.map(columnOf) });

const numberField = (
  words: NumberField['words'],
  looks: Looks,
  rest: Pick<NumberField, 'read' | 'write' | 'expected'> & { names?: Names },
): NumberField => ({
  kind: 'number',
  words,
  sides: Object.keys(looks.bySide ?? {}) as SideWord[],
  operands: looks.operands,
  bySide: looks.bySide ?? {},
  ...rest,
});

/** A number of a small set: decimal or 0x, no units; perhaps with words for some values. */
const code = (
  words: NumberField['words'],
  what: string,
  looks: Looks,
  max = greatest[looks.operands[0]!.type]!,
  names?: Names,
): NumberField =>
  numberField(words, looks, {
    read: (text) => (names?.has(text.toLowerCase()) ? BigInt(names.get(text.toLowerCase())!) : upTo(max, readWhole)(text)),
    write: (value) => (names && nameOf(names, BigInt(value))) ?? String(value),
    expected: `${what} (${names ? `such as ${[...names.keys()][0]}, or ` : ''}0 to ${max})`,
    ...(names && { names }),
  });

/** A number that counts: takes k m g t and Ki Mi Gi Ti. */
const counter = (words: NumberField['words'], what: string, looks: Looks): NumberField => {
  const max = greatest[looks.operands[0]!.type]!;
  return numberField(words, looks, {
    read: upTo(max, (text) => readWhole(text) ?? readCount(text)),
    write: String,
    expected: `${what} (such as 10, 1500, 64k or 2Mi)`,
  });
};

const session = (total: Operand, forward: ColumnName, reverse: ColumnName): Looks => ({
  operands: [total],
  bySide: { src: columnOf(forward), rev: columnOf(reverse) },
});

/** Counts for a second or a packet: a fraction of up to six digits is fine. */
const rate = (word: string, what: string, operand: Operand): NumberField =>
  numberField(
    [word],
    { operands: [operand] },
    {
      read: (text) => {
        const whole = readCount(text);
        if (whole !== undefined) return whole <= 10n ** 18n ? Number(whole) : undefined;
        return /^[0-9]{1,15}\.[0-9]{1,6}$/.test(text) ? Number(text) : undefined;
      },
      write: String,
      expected: `${what} (such as 1.5m, 64k or 0.5)`,
    },
  );

const readTime = (text: string): bigint | undefined => {
  const moment = readMoment(text);
  return moment === undefined || moment.nanos !== 0 ? undefined : BigInt(moment.seconds);
};

const readRtt = (text: string): bigint | undefined => {
  const nanoseconds = readDuration(text, 's');
  return nanoseconds === undefined || nanoseconds % 1000n !== 0n || nanoseconds / 1000n > greatest.UINTEGER!
    ? undefined
    : nanoseconds / 1000n;
};

const macAddress = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i;

const numberFields: readonly NumberField[] = [
  { ...code(['port'], 'a port number', either('src', 'src_port_num', 'dst', 'dst_port_num')), kind: 'port' },
  code(['proto', 'protocol'], 'a protocol', only('protocol'), 255n, protocolNames),
  code(['ip-version'], 'an IP version', only('ip_version'), 255n, versionNames),
  counter(['packets'], 'a number of packets', session(packets, 'packet_count', 'rev_packet_count')),
  counter(['bytes', 'octets'], 'a number of octets', session(octets, 'byte_count', 'rev_byte_count')),
  numberField(
    ['duration'],
    { operands: [exactDuration] },
    {
      read: upTo(greatest.BIGINT!, (text) => readDuration(text, 's')),
      write: (value) => formatDuration(BigInt(value)),
      expected: 'a duration (seconds, or such as 250ms, 5s, 2m or 1h)',
    },
  ),
  rate('bps', 'bits per second', quotient(octets, '8000000000', exactDuration)),
  rate('pps', 'packets per second', quotient(packets, '1000000000', exactDuration)),
  rate('bpp', 'octets per packet', quotient(octets, '1', packets)),
  code(['icmp-type'], 'an ICMP type', only('icmp_type')),
  code(['icmp-code'], 'an ICMP code', only('icmp_code')),
  numberField(['time'], only('time'), {
    read: readTime,
    write: String,
    expected: 'a time (whole seconds, or ISO 8601 with a zone such as 2017-03-01T00:00:00Z)',
  }),
  code(['vlan'], 'a VLAN id', only('vlan_id', 'vlan_inner_id'), 4095n),
  code(['mpls'], 'an MPLS label', only('mpls_label'), 1048575n),
  code(['flow-label'], 'an IPv6 flow label', only('flow_label'), 1048575n),
  code(['tos'], 'a type of service', only('tos')),
  code(['ttl'], 'a TTL', either('min', 'ttl_min', 'max', 'ttl_max')),
  code(['if'], 'an interface', either('in', 'in_if', 'out', 'out_if')),
  code(['as'], 'an AS number', either('src', 'src_as', 'dst', 'dst_as')),
  numberField(['mac'], either('src', 'src_mac', 'dst', 'dst_mac'), {
    read: (text) => (macAddress.test(text) ? BigInt(`0x${text.replace(/[:-]/g, '')}`) : undefined),
    write: (value) => value.toString(16).padStart(12, '0').match(/../g)!.join(':'),
    expected: 'an Ethernet address (such as 00:11:22:33:44:55)',
  }),
  code(['id'], 'a flow id', only('id')),
  code(['source'], 'the number of an import', only('source_id')),
  code(['session'], 'a session id', only('session_id')),
  code(['parent-session'], 'a session id', only('parent_session_id')),
  code(['part'], 'a part number', only('flow_part')),
  code(['direction'], 'a direction', only('direction'), 255n, directionNames),
  code(['end-reason'], 'a reason', only('end_reason'), 255n, endReasonNames),
  code(['tunnel'], 'a tunnel type', only('tunnel_type'), 255n, tunnelNames),
  code(['tunnel-depth'], 'a depth', only('tunnel_depth')),
  counter(['sampling'], 'a sampling rate', only('sampling_rate')),
  counter(['fragments'], 'a number of packets', only('fragments')),
  counter(['retransmits'], 'a number of segments', only('retransmits')),
  numberField(['rtt'], only('rtt_us'), {
    read: readRtt,
    write: (value) => formatDuration(BigInt(value) * durationUnits.us),
    expected: 'a duration (seconds, or such as 250ms or 800us)',
  }),
];

const sides = ['src', 'dst'] as const;

/** Every field, in the order of the reference page. */
export const fields: readonly Field[] = [
  { kind: 'host', words: ['host', 'ip'], sides, expected: 'an address or the name of a computer' },
  { kind: 'net', words: ['net'], sides, expected: 'a network such as 10.0.0.0/8 or 2001:db8::/32' },
  ...numberFields,
  { kind: 'flags', words: ['flags'], sides: ['src', 'rev'], expected: 'TCP flags (letters of FSRPAUECN, X, or a number such as 0x12)' },
  { kind: 'router', words: ['exporter'], sides: [], expected: 'an address' },
  { kind: 'router', words: ['next-hop', 'nexthop'], sides: [], expected: 'an address' },
  { kind: 'mark', words: ['marked'], sides: [], expected: 'a mark such as truncated or malformed' },
];

const byWord = new Map(fields.flatMap((field) => field.words.map((word) => [word, field] as const)));

/** The field of a word in lower case. */
export const fieldOf = (word: string): Field | undefined => byWord.get(word);

/** The number field of its canonical word, as the tree of a filter holds it. */
export const numberFieldOf = (word: string): NumberField => byWord.get(word) as NumberField;
