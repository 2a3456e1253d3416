/**
 * What a file is, seen from its first octets after decompression. Names and media types are not asked: they are wrong
 * too often. Binary formats are told by their magic, text formats by their columns.
 */
import { isUtf8 } from 'node:buffer';
import { Problem } from '../../core/problem.ts';
import { publishedColumns } from '../schema.ts';
import { splitCsv } from './csv-line.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { lanlFields } from './lanl-fields.ts';
import { isHeading } from './lanl-row.ts';
import { cutValue } from './rows.ts';

/** What can be imported: the words of `--format` and what they stand for. */
export const importFormats = {
  pcap: 'classic capture file (libpcap), micro- or nanoseconds, either byte order',
  pcapng: 'capture file of Wireshark and others',
  'lanl-2015': 'LANL 2015 flows, nine columns: time,duration,source,port,destination,port,protocol,packets,bytes',
  'lanl-2015-id': 'the same with a leading id',
  'lanl-2017': 'LANL 2017/2018 netflow, eleven columns, both directions in a row',
  csv: 'CSV of Weir, with a heading',
  ndjson: 'NDJSON of Weir, an object a line',
  json: 'JSON of Weir, an array of objects',
  parquet: 'Parquet of Weir',
} as const;

export type ImportFormat = keyof typeof importFormats;

/** Octets that are worth collecting before asking; fewer do where the file has no more. */
export const detectOctets = 65_536;

/** Recognises a format, or throws a Problem `unprocessable` that says what was seen. `head` begins at the first octet. */
export const detectFormat = (head: Uint8Array): ImportFormat => {
  const found = magicFormat(head) ?? textFormat(head);
  if (found === undefined) throw unknown(lookOf(head));
  return found;
};

/** The first 32 bits, big endian, of formats that are told by them. */
const magics = new Map<number, ImportFormat>([
  [0xa1b2c3d4, 'pcap'],
  [0xd4c3b2a1, 'pcap'],
  [0xa1b23c4d, 'pcap'],
  [0x4d3cb2a1, 'pcap'],
  // Kuznetzov's variant, with 8 more octets a packet: the capture reader knows it, or refuses it in its own words.
  [0xa1b2cd34, 'pcap'],
  [0x34cdb2a1, 'pcap'],
  [0x0a0d0d0a, 'pcapng'],
  [0x50415231, 'parquet'], // PAR1
]);

/** What else may be handed over by mistake: its first octets and its name. */
const strangers: readonly (readonly [hex: string, name: string])[] = [
  ['1f8b', 'gzip data inside the compression that was already taken off'],
  ['28b52ffd', 'zstd data inside the compression that was already taken off'],
  ['fd377a585a', 'xz data inside the compression that was already taken off'],
  ['425a68', 'bzip2 data inside the compression that was already taken off'],
  ['504b0304', 'a ZIP archive: unpack it first'],
  ['377abcaf271c', 'a 7z archive: unpack it first'],
  ['736e6f6f70', 'a snoop capture: convert it with editcap'],
  ['52545353', 'a capture of Microsoft Network Monitor: convert it with editcap'],
  ['474d4255', 'a capture of Microsoft Network Monitor: convert it with editcap'],
  ['0ca5', 'a file of nfdump: export it with nfdump -o csv, or import the capture it came from'],
  ['a50c', 'a file of nfdump: export it with nfdump -o csv, or import the capture it came from'],
  ['4152524f5731', 'an Arrow file'],
  ['53514c69746520666f726d6174', 'an SQLite database'],
  ['efbbbf', 'text behind a byte order mark: remove the first three octets'],
  ['fffe', 'text in UTF-16: convert it to UTF-8'],
  ['feff', 'text in UTF-16: convert it to UTF-8'],
  ['3c', 'XML or HTML, which Weir writes but does not read: export NDJSON or Parquet'],
];

const magicFormat = (head: Uint8Array): ImportFormat | undefined =>
  head.length < 4 ? undefined : magics.get(new DataView(head.buffer, head.byteOffset, 4).getUint32(0));

const textFormat = (head: Uint8Array): ImportFormat | undefined => {
  const first = head.find((octet) => octet !== 32 && octet !== 9 && octet !== 10 && octet !== 13);
  if (first === 0x5b) return 'json';
  if (first === 0x7b) return 'ndjson';
  const lines = linesOf(head);
  if (isOwnHeading(lines[0] ?? '')) return 'csv';
  if (isAuthentication(lines)) throw authentication(lines[0] as string);
  return lanlFormat(lines);
};

/** The first two lines; the last of a long head may be cut. */
const linesOf = (head: Uint8Array): string[] =>
  Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, detectOctets))
    .toString('utf8')
    .split('\n', 2)
    .map((line) => line.replace(/\r$/, ''));

/** Enough of the ten names that it is meant as Weir's heading; the parser tells what is missing. */
const isOwnHeading = (line: string): boolean => {
  const cells = splitCsv(line);
  if (typeof cells === 'string') return false;
  return publishedColumns.filter((name) => cells.includes(name)).length >= 7;
};

/** By the first line; where that is a heading by the second, or alone where it begins with the word time. */
const lanlFormat = ([first = '', second = '']: string[]): LanlFormat | undefined => {
  const formats = Object.keys(lanlFields) as LanlFormat[];
  const fits = (line: string) => formats.find((format) => isRow(format, line));
  const heading = formats.find((format) => isHeading(lanlFields[format], first));
  if (heading === undefined) return fits(first);
  return fits(second) ?? (second === '' && /\btime\b/i.test(first) ? heading : undefined);
};

/** The column that tells the formats apart is the protocol, a number; a row may be bad elsewhere. */
const isRow = (format: LanlFormat, line: string): boolean => {
  const fields = lanlFields[format];
  const cells = line.split(',', fields.length + 1);
  const isNumber = (cell: string | undefined) => /^\d+$/.test(cell ?? '');
  return cells.length === fields.length && isNumber(cells[0]) && isNumber(cells[fields.findIndex(({ name }) => name === 'protocol')]);
};

/** `1,U1,C1` of the LANL set of 2014. */
const isAuthentication = (lines: string[]): boolean => /^\d+,U\d+,C\d+$/.test(lines[0] ?? '');

const authentication = (line: string): Problem =>
  new Problem('unprocessable', 'this is the LANL user-computer authentication set of 2014 (time,user,computer): it holds no flows', {
    detail: `the first line is ${JSON.stringify(cutValue(line))}`,
    hint: 'the flows of LANL are in flows.txt (2015) and netflow_day-NN (2017/2018)',
    facts: { line: 1, value: cutValue(line), expected: 'flows' },
  });

/** What the head looks like, in words. */
const lookOf = (head: Uint8Array): string => {
  if (head.length === 0) return 'an empty file';
  const hex = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 16)).toString('hex');
  const stranger = strangers.find(([magic]) => hex.startsWith(magic));
  if (stranger !== undefined) return stranger[1];
  const [line = ''] = linesOf(head);
  if (!isUtf8(Buffer.from(line)) || /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(line.slice(0, 200)))
    return `binary data that begins with ${hex}`;
  const columns = line.split(',').length;
  return `text whose first line has ${columns} column${columns > 1 ? 's' : ''}: ${JSON.stringify(cutValue(line))}`;
};

const unknown = (look: string): Problem =>
  new Problem('unprocessable', `no known format: this looks like ${look}`, {
    detail: `known formats: ${Object.entries(importFormats)
      .map(([word, doc]) => `${word} (${doc})`)
      .join('; ')}`,
    hint: `name the format if you know it: --format ${Object.keys(importFormats).join('|')}`,
    facts: { value: look, expected: Object.keys(importFormats) },
  });
