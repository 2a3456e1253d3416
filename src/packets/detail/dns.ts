/** DNS messages (RFC 1035) in datagrams: header, questions, answers. Bounded: names by their length, records by the octets there are. */
import { formatIpv4, formatIpv6 } from './address-text.ts';

export type DnsRecord = { name: string; type: string; ttl: number; data: string };

export type DnsMessage = {
  id: number;
  isResponse: boolean;
  opcode: number;
  isAuthoritative: boolean;
  isTruncated: boolean;
  isRecursionDesired: boolean;
  isRecursionAvailable: boolean;
  code: number;
  questions: { name: string; type: string }[];
  answers: DnsRecord[];
  /** As the header counts them. */
  counts: { questions: number; answers: number; authorities: number; additional: number };
};

const typeNames = new Map<number, string>([
  [1, 'A'], [2, 'NS'], [5, 'CNAME'], [6, 'SOA'], [12, 'PTR'], [13, 'HINFO'], [15, 'MX'], [16, 'TXT'], [28, 'AAAA'], [33, 'SRV'], [35, 'NAPTR'],
  [41, 'OPT'], [43, 'DS'], [46, 'RRSIG'], [47, 'NSEC'], [48, 'DNSKEY'], [50, 'NSEC3'], [52, 'TLSA'], [64, 'SVCB'], [65, 'HTTPS'], [252, 'AXFR'],
  [255, 'ANY'], [257, 'CAA'],
]); // biome-ignore format: a table

/** Names of response codes (RFC 1035, 2136). */
export const dnsCodes = [
  'NoError',
  'FormErr',
  'ServFail',
  'NXDomain',
  'NotImp',
  'Refused',
  'YXDomain',
  'YXRRSet',
  'NXRRSet',
  'NotAuth',
] as const;

/** Ports where datagrams are taken to be DNS: DNS, multicast DNS, LLMNR. */
export const isDnsPort = (port: number): boolean => port === 53 || port === 5353 || port === 5355;

/** Records read of one message; more are counted by the header alone. */
const mostRecords = 64;
/** Jumps of one compressed name: real ones have one or two. */
const mostJumps = 16;

/** The message in `[start, end)`, or undefined where these octets are none. What is cut off is left out. */
export function parseDns(view: DataView, start: number, end: number): DnsMessage | undefined {
  if (end - start < 12) return undefined;
  const flags = view.getUint16(start + 2);
  const counts = {
    questions: view.getUint16(start + 4),
    answers: view.getUint16(start + 6),
    authorities: view.getUint16(start + 8),
    additional: view.getUint16(start + 10),
  };
  // A question of less than five octets does not exist: what claims more is something else on this port.
  if (counts.questions * 5 > end - start - 12) return undefined;
  const message: DnsMessage = {
    id: view.getUint16(start),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 15,
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    isRecursionDesired: (flags & 0x0100) !== 0,
    isRecursionAvailable: (flags & 0x0080) !== 0,
    code: flags & 15,
    questions: [],
    answers: [],
    counts,
  };
  let at = start + 12;
  for (let i = 0; i < counts.questions && i < mostRecords; i++) {
    const name = readName(view, start, at, end);
    if (name === undefined || end - name.next < 4) return message;
    message.questions.push({ name: name.text, type: typeName(view.getUint16(name.next)) });
    at = name.next + 4;
  }
  for (let i = 0; i < counts.answers && i < mostRecords; i++) {
    const record = readRecord(view, start, at, end);
    if (record === undefined) return message;
    message.answers.push(record);
    at = record.next;
  }
  return message;
}

const typeName = (type: number): string => typeNames.get(type) ?? `TYPE${type}`;

function readRecord(view: DataView, start: number, at: number, end: number): (DnsRecord & { next: number }) | undefined {
  const name = readName(view, start, at, end);
  if (name === undefined || end - name.next < 10) return undefined;
  const type = view.getUint16(name.next);
  const ttl = view.getUint32(name.next + 4);
  const from = name.next + 10;
  const next = from + view.getUint16(name.next + 8);
  if (next > end) return undefined;
  return { name: name.text, type: typeName(type), ttl, data: readData(view, start, type, from, next), next };
}

function readData(view: DataView, start: number, type: number, from: number, next: number): string {
  if (type === 1 && next - from === 4) return formatIpv4(view.getInt32(from));
  if (type === 28 && next - from === 16)
    return formatIpv6(view.getInt32(from), view.getInt32(from + 4), view.getInt32(from + 8), view.getInt32(from + 12));
  if (type === 2 || type === 5 || type === 12) return readName(view, start, from, next)?.text ?? '';
  if (type === 15 && next - from > 2) return `${readName(view, start, from + 2, next)?.text ?? ''} ${view.getUint16(from)}`;
  return '';
}

/** A name and where what follows it begins. Characters beyond printable ASCII, dots in labels and backslashes are escaped as `\DDD`. */
function readName(view: DataView, start: number, from: number, end: number): { text: string; next: number } | undefined {
  let text = '';
  let next = -1;
  let jumps = 0;
  for (let at = from; ; ) {
    if (at >= end) return undefined;
    const length = view.getUint8(at);
    if (length === 0) {
      if (next < 0) next = at + 1;
      return { text: text === '' ? '.' : text, next };
    }
    if (length >= 0xc0) {
      if (end - at < 2 || ++jumps > mostJumps) return undefined;
      if (next < 0) next = at + 2;
      at = start + (view.getUint16(at) & 0x3fff);
      continue;
    }
    if (length > 63 || end - at <= length || text.length > 1020) return undefined;
    for (let i = at + 1; i <= at + length; i++) {
      const octet = view.getUint8(i);
      const isPlain = octet > 0x20 && octet < 0x7f && octet !== 0x2e && octet !== 0x5c;
      text += isPlain ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`;
    }
    text += '.';
    at += length + 1;
  }
}
