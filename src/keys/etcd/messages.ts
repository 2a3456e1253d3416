/**
 * The messages of etcd's v3 API that Weir uses; names and field numbers are those of etcd's own `rpc.proto` and `kv.proto`
 * (3.4; later releases only add fields). Keys and values are bytes, revisions are numbers, ids keep their 64 bits.
 */
import { MessageReader, MessageWriter } from './protobuf.ts';

/** What every answer of the cluster says about itself. */
export type Header = { clusterId: bigint; memberId: bigint; revision: number; term: bigint };

/** One key as the cluster has it. */
export type KeyValue = { key: Buffer; value: Buffer; createRevision: number; modRevision: number };

export type RangeRequest = {
  key: Buffer;
  /** Behind the last key; absent for one key. */
  end?: Buffer;
  limit?: number;
  /** Reads as of this revision; absent for now. */
  revision?: number;
  isSerializable?: boolean;
  isKeysOnly?: boolean;
};
export type RangeAnswer = { entries: KeyValue[]; hasMore: boolean };

/** One step of a transaction. */
export type Step =
  | { range: RangeRequest }
  | { put: { key: Buffer; value: Buffer; lease?: bigint } }
  | { remove: { key: Buffer; end?: Buffer } };

/** Holds when the key was last written (or made) at exactly this revision; 0 when it must not exist. */
export type Comparison = { key: Buffer; modRevision: number } | { key: Buffer; createRevision: number };

export type TxnRequest = { compare: readonly Comparison[]; success: readonly Step[]; failure: readonly Step[] };
export type TxnAnswer = {
  header: Header;
  isSuccess: boolean;
  /** One for each step, undefined where the step was no range. */
  ranges: (RangeAnswer | undefined)[];
};

export type WatchAnswer = { header: Header; isCanceled: boolean; cancelReason: string; compactRevision: number; puts: KeyValue[] };
export type LeaseAnswer = { id: bigint; ttl: number };
export type MemberEntry = { id: bigint; name: string; peerUrls: string[]; clientUrls: string[] };
export type StatusAnswer = { header: Header; version: string; leader: bigint; raftIndex: number; raftTerm: number; errors: string[] };

export function encodeTxn({ compare, success, failure }: TxnRequest): Buffer {
  const message = new MessageWriter();
  for (const comparison of compare) message.message(1, comparisonMessage(comparison));
  for (const step of success) message.message(2, stepMessage(step));
  for (const step of failure) message.message(3, stepMessage(step));
  return message.finish();
}

const compareTargets = { create: 1, mod: 2 } as const;

function comparisonMessage(comparison: Comparison): MessageWriter {
  const message = new MessageWriter();
  return 'modRevision' in comparison
    ? message.number(2, compareTargets.mod).bytes(3, comparison.key).number(6, comparison.modRevision)
    : message.number(2, compareTargets.create).bytes(3, comparison.key).number(5, comparison.createRevision);
}

function stepMessage(step: Step): MessageWriter {
  const message = new MessageWriter();
  if ('range' in step) return message.message(1, rangeMessage(step.range));
  if ('put' in step) {
    const { key, value, lease = 0n } = step.put;
    return message.message(2, new MessageWriter().bytes(1, key).bytes(2, value).big(3, lease));
  }
  const { key, end } = step.remove;
  return message.message(3, new MessageWriter().bytes(1, key).bytes(2, end ?? nothing));
}

function rangeMessage({ key, end, limit = 0, revision = 0, isSerializable = false, isKeysOnly = false }: RangeRequest): MessageWriter {
  const message = new MessageWriter()
    .bytes(1, key)
    .bytes(2, end ?? nothing)
    .number(3, limit)
    .number(4, revision);
  return message.flag(7, isSerializable).flag(8, isKeysOnly);
}

const nothing = Buffer.alloc(0);

export function decodeTxn(bytes: Buffer): TxnAnswer {
  const answer: TxnAnswer = { header: noHeader, isSuccess: false, ranges: [] };
  for (const reader = new MessageReader(bytes); reader.next(); ) {
    if (reader.field === 1) answer.header = header(reader.message());
    else if (reader.field === 2) answer.isSuccess = reader.flag();
    else if (reader.field === 3) answer.ranges.push(stepAnswer(reader.message()));
  }
  return answer;
}

function stepAnswer(reader: MessageReader): RangeAnswer | undefined {
  let answer: RangeAnswer | undefined;
  while (reader.next()) if (reader.field === 1) answer = rangeAnswer(reader.message());
  return answer;
}

function rangeAnswer(reader: MessageReader): RangeAnswer {
  const answer: RangeAnswer = { entries: [], hasMore: false };
  while (reader.next()) {
    if (reader.field === 2) answer.entries.push(keyValue(reader.message()));
    else if (reader.field === 3) answer.hasMore = reader.flag();
  }
  return answer;
}

function keyValue(reader: MessageReader): KeyValue {
  const entry: KeyValue = { key: nothing, value: nothing, createRevision: 0, modRevision: 0 };
  while (reader.next()) {
    if (reader.field === 1) entry.key = reader.bytes();
    else if (reader.field === 2) entry.createRevision = reader.number();
    else if (reader.field === 3) entry.modRevision = reader.number();
    else if (reader.field === 5) entry.value = reader.bytes();
  }
  return entry;
}

const noHeader: Header = { clusterId: 0n, memberId: 0n, revision: 0, term: 0n };

function header(reader: MessageReader): Header {
  const found = { ...noHeader };
  while (reader.next()) {
    if (reader.field === 1) found.clusterId = reader.big();
    else if (reader.field === 2) found.memberId = reader.big();
    else if (reader.field === 3) found.revision = reader.number();
    else if (reader.field === 4) found.term = reader.big();
  }
  return found;
}

/** Asks for every write to a range of keys from a revision on. */
export function encodeWatch({ key, end, revision }: { key: Buffer; end: Buffer; revision: number }): Buffer {
  const noDeletes = 1;
  const create = new MessageWriter().bytes(1, key).bytes(2, end).number(3, revision).number(5, noDeletes);
  return new MessageWriter().message(1, create).finish();
}

export function decodeWatch(bytes: Buffer): WatchAnswer {
  const answer: WatchAnswer = { header: noHeader, isCanceled: false, cancelReason: '', compactRevision: 0, puts: [] };
  for (const reader = new MessageReader(bytes); reader.next(); ) {
    if (reader.field === 1) answer.header = header(reader.message());
    else if (reader.field === 4) answer.isCanceled = reader.flag();
    else if (reader.field === 5) answer.compactRevision = reader.number();
    else if (reader.field === 6) answer.cancelReason = reader.text();
    else if (reader.field === 11) watchEvent(reader.message(), answer.puts);
  }
  return answer;
}

function watchEvent(reader: MessageReader, puts: KeyValue[]): void {
  let isDelete = false;
  let entry: KeyValue | undefined;
  while (reader.next()) {
    if (reader.field === 1) isDelete = reader.number() === 1;
    else if (reader.field === 2) entry = keyValue(reader.message());
  }
  if (entry !== undefined && !isDelete) puts.push(entry);
}

/** Asks for a lease of so many seconds; the cluster chooses its id. */
export const encodeLeaseGrant = (ttl: number): Buffer => new MessageWriter().number(1, ttl).finish();

/** For `LeaseRevoke` and `LeaseKeepAlive`. */
export const encodeLease = (id: bigint): Buffer => new MessageWriter().big(1, id).finish();

/** The answer of `LeaseGrant` and `LeaseKeepAlive`; a time to live of 0 seconds means that the lease is gone. */
export function decodeLease(bytes: Buffer): LeaseAnswer {
  const answer: LeaseAnswer = { id: 0n, ttl: 0 };
  for (const reader = new MessageReader(bytes); reader.next(); ) {
    if (reader.field === 2) answer.id = reader.big();
    else if (reader.field === 3) answer.ttl = reader.number();
  }
  return answer;
}

export function decodeMembers(bytes: Buffer): { header: Header; members: MemberEntry[] } {
  const answer: { header: Header; members: MemberEntry[] } = { header: noHeader, members: [] };
  for (const reader = new MessageReader(bytes); reader.next(); ) {
    if (reader.field === 1) answer.header = header(reader.message());
    else if (reader.field === 2) answer.members.push(member(reader.message()));
  }
  return answer;
}

function member(reader: MessageReader): MemberEntry {
  const entry: MemberEntry = { id: 0n, name: '', peerUrls: [], clientUrls: [] };
  while (reader.next()) {
    if (reader.field === 1) entry.id = reader.big();
    else if (reader.field === 2) entry.name = reader.text();
    else if (reader.field === 3) entry.peerUrls.push(reader.text());
    else if (reader.field === 4) entry.clientUrls.push(reader.text());
  }
  return entry;
}

/** For `MemberAdd`: the addresses by which the others will reach it. */
export const encodeMemberAdd = (peerUrls: readonly string[]): Buffer => peerUrlsMessage(1, peerUrls, new MessageWriter());

/** For `MemberRemove`. */
export const encodeMemberRemove = (id: bigint): Buffer => new MessageWriter().big(1, id).finish();

/** For `MemberUpdate`. */
export const encodeMemberUpdate = (id: bigint, peerUrls: readonly string[]): Buffer =>
  peerUrlsMessage(2, peerUrls, new MessageWriter().big(1, id));

function peerUrlsMessage(field: number, peerUrls: readonly string[], message: MessageWriter): Buffer {
  for (const url of peerUrls) message.text(field, url);
  return message.finish();
}

/** The new member of a `MemberAdd`. */
export function decodeAddedMember(bytes: Buffer): MemberEntry {
  for (const reader = new MessageReader(bytes); reader.next(); ) if (reader.field === 2) return member(reader.message());
  throw new RangeError('the cluster added a member and did not say which');
}

export function decodeStatus(bytes: Buffer): StatusAnswer {
  const answer: StatusAnswer = { header: noHeader, version: '', leader: 0n, raftIndex: 0, raftTerm: 0, errors: [] };
  for (const reader = new MessageReader(bytes); reader.next(); ) {
    if (reader.field === 1) answer.header = header(reader.message());
    else if (reader.field === 2) answer.version = reader.text();
    else if (reader.field === 4) answer.leader = reader.big();
    else if (reader.field === 5) answer.raftIndex = reader.number();
    else if (reader.field === 6) answer.raftTerm = reader.number();
    else if (reader.field === 8) answer.errors.push(reader.text());
  }
  return answer;
}

export const encodeAuthenticate = (name: string, password: string): Buffer => new MessageWriter().text(1, name).text(2, password).finish();

/** The token of an `Authenticate`. */
export function decodeToken(bytes: Buffer): string {
  let token = '';
  for (const reader = new MessageReader(bytes); reader.next(); ) if (reader.field === 2) token = reader.text();
  return token;
}
