/**
 * Writes on their way to the engine's thread, as bytes: a request is one write, with all operations of its transaction.
 *
 *   request    space:u8  count:u32  operations…
 *   operation  action:u8  flags:u8  pathLength:u16  valueLength:u32  prevValueLength:u32  ttl:f64  prevIndex:u64  path…  value…  prevValue…
 *
 * Little-endian. Flags: 1 directory, 2 ttl, 4 prevValue, 8 prevIndex, 16 refresh, 32 recursive, 64 leastIndex (in the place of prevIndex).
 */
import { noValue } from '../tree/node.ts';
import { type Action, actions, type Operation } from '../tree/operation.ts';

const requestHead = 5;
const operationHead = 28;
const flag = { isDir: 1, ttl: 2, prevValue: 4, prevIndex: 8, isRefresh: 16, isRecursive: 32, leastIndex: 64 } as const;

/** A write as the engine's thread reads it. */
export type Request = { ordinal: number; operations: Operation[] };

/** Octets that a request takes. */
export function requestLength(operations: readonly Operation[]): number {
  let length = requestHead;
  for (const { path, value, prevValue } of operations) {
    length += operationHead + path.length + (value?.length ?? 0) + (prevValue?.length ?? 0);
  }
  return length;
}

/** Writes a request at an offset; answers the offset behind it. */
export function writeRequest(ordinal: number, operations: readonly Operation[], bytes: Buffer, start: number): number {
  bytes[start] = ordinal;
  bytes.writeUInt32LE(operations.length, start + 1);
  let at = start + requestHead;
  for (const operation of operations) at = writeOperation(operation, bytes, at);
  return at;
}

function writeOperation(operation: Operation, bytes: Buffer, at: number): number {
  const { path, value = noValue, prevValue = noValue, ttl = 0, prevIndex = 0n, leastIndex } = operation;
  bytes[at] = actions.indexOf(operation.action);
  bytes[at + 1] = flagsOf(operation);
  bytes.writeUInt16LE(path.length, at + 2);
  bytes.writeUInt32LE(value.length, at + 4);
  bytes.writeUInt32LE(prevValue.length, at + 8);
  bytes.writeDoubleLE(ttl, at + 12);
  bytes.writeBigUInt64LE(leastIndex === undefined ? prevIndex : BigInt(leastIndex), at + 20);
  const valueAt = at + operationHead + bytes.write(path, at + operationHead, 'latin1');
  bytes.set(value, valueAt);
  bytes.set(prevValue, valueAt + value.length);
  return valueAt + value.length + prevValue.length;
}

function flagsOf({ isDir, ttl, prevValue, prevIndex, isRefresh, isRecursive, leastIndex }: Operation): number {
  return (
    (isDir === true ? flag.isDir : 0) |
    (ttl === undefined ? 0 : flag.ttl) |
    (prevValue === undefined ? 0 : flag.prevValue) |
    (prevIndex === undefined ? 0 : flag.prevIndex) |
    (isRefresh === true ? flag.isRefresh : 0) |
    (isRecursive === true ? flag.isRecursive : 0) |
    (leastIndex === undefined ? 0 : flag.leastIndex)
  );
}

/** The requests in the first `length` octets. Values are views of the bytes. */
export function readRequests(bytes: Buffer, length: number): Request[] {
  const requests: Request[] = [];
  for (let at = 0; at < length; ) {
    const request: Request = { ordinal: bytes[at] ?? 0, operations: [] };
    let left = bytes.readUInt32LE(at + 1);
    at += requestHead;
    for (; left > 0; left--) {
      request.operations.push(readOperation(bytes, at));
      at += operationHead + bytes.readUInt16LE(at + 2) + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
    }
    requests.push(request);
  }
  return requests;
}

function readOperation(bytes: Buffer, at: number): Operation {
  const flags = bytes[at + 1] ?? 0;
  const pathAt = at + operationHead;
  const valueAt = pathAt + bytes.readUInt16LE(at + 2);
  const prevAt = valueAt + bytes.readUInt32LE(at + 4);
  const end = prevAt + bytes.readUInt32LE(at + 8);
  const has = (bit: number): boolean => (flags & bit) !== 0;
  return {
    action: actions[bytes[at] ?? 0] as Action,
    path: bytes.toString('latin1', pathAt, valueAt),
    value: bytes.subarray(valueAt, prevAt),
    isDir: has(flag.isDir),
    isRefresh: has(flag.isRefresh),
    isRecursive: has(flag.isRecursive),
    ...(has(flag.ttl) ? { ttl: bytes.readDoubleLE(at + 12) } : undefined),
    ...(has(flag.prevValue) ? { prevValue: bytes.subarray(prevAt, end) } : undefined),
    ...(has(flag.leastIndex) ? { leastIndex: Number(bytes.readBigUInt64LE(at + 20)) } : undefined),
    ...(has(flag.prevIndex) ? { prevIndex: bytes.readBigUInt64LE(at + 20) } : undefined),
  };
}
