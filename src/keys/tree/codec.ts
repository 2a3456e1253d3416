/**
 * Nodes and changes as bytes: what the engines keep on disk or in the cluster and send between threads.
 *
 *   node    flags:u8  created:f64  modified:f64  deadline:f64  value…          (the path is the key it is kept under)
 *   change  flags:u8  action:u8  madeDirs:u16  pathLength:u32  valueLength:u32  prevLength:u32
 *           index:f64  created:f64  modified:f64  deadline:f64  path…  value…  prev…      (prev as a node)
 *
 * Numbers are little-endian. Flags: 1 directory, 2 there was a node before, 4 silent; the upper four bits are the version, 1.
 */
import type { Change } from './change.ts';
import { type KeyNode, noValue } from './node.ts';
import { type Action, actions } from './operation.ts';
import type { Path } from './path.ts';

const dirFlag = 1;
const prevFlag = 2;
const silentFlag = 4;
const version = 0x10;
const nodeHead = 25;
const changeHead = 48;

/** Octets that a node takes without its value. */
export const nodeOverhead = nodeHead;

/** The node as bytes, without its path. */
export function encodeNode(node: KeyNode): Buffer {
  const bytes = Buffer.allocUnsafe(nodeHead + node.value.length);
  writeNode(bytes, 0, node);
  return bytes;
}

function writeNode(bytes: Buffer, at: number, node: KeyNode): void {
  bytes[at] = version | (node.isDir ? dirFlag : 0);
  bytes.writeDoubleLE(node.created, at + 1);
  bytes.writeDoubleLE(node.modified, at + 9);
  bytes.writeDoubleLE(node.deadline, at + 17);
  bytes.set(node.value, at + nodeHead);
}

/** The node that bytes stand for. Its value is a view of them, so keep no node longer than its bytes stay unchanged. */
export function decodeNode(path: Path, bytes: Buffer): KeyNode {
  const isDir = ((bytes[0] ?? 0) & dirFlag) !== 0;
  return {
    path,
    isDir,
    value: isDir ? noValue : bytes.subarray(nodeHead),
    created: bytes.readDoubleLE(1),
    modified: bytes.readDoubleLE(9),
    deadline: bytes.readDoubleLE(17),
  };
}

/** The same with a value of its own: the bytes may be used again at once. */
export function copyNode(path: Path, bytes: Buffer): KeyNode {
  const isDir = ((bytes[0] ?? 0) & dirFlag) !== 0;
  return {
    path,
    isDir,
    value: isDir ? noValue : copyOf.call(bytes, nodeHead, bytes.length),
    created: bytes.readDoubleLE(1),
    modified: bytes.readDoubleLE(9),
    deadline: bytes.readDoubleLE(17),
  };
}

// A buffer's own `slice` is a view.
const copyOf = Uint8Array.prototype.slice;

/** Octets that a change takes. */
export function changeLength({ node, prev }: Change): number {
  return changeHead + node.path.length + node.value.length + (prev === undefined ? 0 : nodeHead + prev.value.length);
}

/** Writes a change at an offset; answers the offset behind it. */
export function writeChange(change: Change, bytes: Buffer, at: number): number {
  const { node, prev } = change;
  const prevLength = prev === undefined ? 0 : nodeHead + prev.value.length;
  bytes[at] = version | (node.isDir ? dirFlag : 0) | (prev === undefined ? 0 : prevFlag) | (change.isSilent ? silentFlag : 0);
  bytes[at + 1] = actions.indexOf(change.action);
  bytes.writeUInt16LE(change.madeDirs, at + 2);
  bytes.writeUInt32LE(node.path.length, at + 4);
  bytes.writeUInt32LE(node.value.length, at + 8);
  bytes.writeUInt32LE(prevLength, at + 12);
  bytes.writeDoubleLE(change.index, at + 16);
  bytes.writeDoubleLE(node.created, at + 24);
  bytes.writeDoubleLE(node.modified, at + 32);
  bytes.writeDoubleLE(node.deadline, at + 40);
  const value = at + changeHead + bytes.write(node.path, at + changeHead, 'latin1');
  bytes.set(node.value, value);
  const end = value + node.value.length;
  if (prev !== undefined) writeNode(bytes, end, prev);
  return end + prevLength;
}

/** The change that stands at an offset. Values are views of the bytes. */
export function readChange(bytes: Buffer, at = 0): Change {
  const flags = bytes[at] ?? 0;
  const isDir = (flags & dirFlag) !== 0;
  const pathLength = bytes.readUInt32LE(at + 4);
  const valueLength = bytes.readUInt32LE(at + 8);
  const valueAt = at + changeHead + pathLength;
  const prevAt = valueAt + valueLength;
  const path = bytes.toString('latin1', at + changeHead, valueAt);
  return {
    index: bytes.readDoubleLE(at + 16),
    action: actions[bytes[at + 1] ?? 0] as Exclude<Action, 'create-in-order'>,
    node: {
      path,
      isDir,
      value: valueLength === 0 ? noValue : bytes.subarray(valueAt, prevAt),
      created: bytes.readDoubleLE(at + 24),
      modified: bytes.readDoubleLE(at + 32),
      deadline: bytes.readDoubleLE(at + 40),
    },
    prev: (flags & prevFlag) === 0 ? undefined : decodeNode(path, bytes.subarray(prevAt, prevAt + bytes.readUInt32LE(at + 12))),
    madeDirs: bytes.readUInt16LE(at + 2),
    isSilent: (flags & silentFlag) !== 0,
  };
}

/** Octets of the change at an offset, read from its head alone. */
export const changeLengthAt = (bytes: Buffer, at: number): number =>
  changeHead + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12);

/** Index of the change at an offset, read from its head alone. */
export const indexOfEncoded = (bytes: Buffer, at: number): number => bytes.readDoubleLE(at + 16);
