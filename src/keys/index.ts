/**
 * Keys: the one store of everything small (tickets, users, tokens, jobs, sessions, records). A tree of files and directories
 * with indexes, compare-and-swap, times to live and watches, as etcd's v2 keys have them, kept by LMDB on this host or by an
 * etcd cluster. It does no merging of conflicts: a write whose expectation failed says so, and the caller decides.
 */
export { type KeysConfig, keysSettings } from './config.ts';
export type { KeyEngine, Reading, Space } from './engine.ts';
export { engineOf } from './engine-of.ts';
export { createKeys, type Keys, type KeysDependencies, type KeysDoor } from './keys.ts';
export { MemoryEngine } from './memory-engine.ts';
export { type Kept, Mirror } from './mirror.ts';
export { onKeys } from './on-keys.ts';
export { serverName } from './server-name.ts';
export type { Change } from './tree/change.ts';
export { type FaultKind, KeyFault } from './tree/fault.ts';
export type { KeyNode } from './tree/node.ts';
export type { Operation } from './tree/operation.ts';
export { childOf, nameOf, type Path, parentOf, pathOf, textOf } from './tree/path.ts';
export { type Expected, Tree, textValue, type WriteOptions } from './tree.ts';
export { loginRefusal } from './v2/errors.ts';
