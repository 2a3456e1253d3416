import { isRemoval } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';
import type { KeysPort, Written } from './access.ts';
import { prefixed } from './copy.ts';

export type Following = { source: KeysPort; target: KeysPort; prefix: Path; path: Path; from: number; onTrouble: (reason: string) => void };

/** Does again in `target` what happens in `source` at and below a path, from an index on; ends only by a fault. */
export async function followChanges(following: Following, onEvent: (event: Written) => void): Promise<void> {
  const { source, target, prefix, path, from, onTrouble } = following;
  for await (const event of source.watch(path, { isRecursive: true, from, onTrouble })) {
    await repeat(target, prefix, event);
    onEvent(event);
  }
}

/** Brings the target to the state that the event left; what is so already is no fault, so that an event may be met twice. */
async function repeat(target: KeysPort, prefix: Path, event: Written): Promise<void> {
  const { node } = event;
  const path = prefixed(prefix, node.path);
  if (isRemoval(event)) return await passing(['not-found'], target, { action: 'delete', path, isDir: true, isRecursive: true });
  const ttl = node.deadline === 0 ? undefined : Math.max(0, node.deadline - Date.now());
  const timed = ttl === undefined ? {} : { ttl };
  if (!node.isDir) {
    try {
      await target.write({ action: 'set', path, value: node.value, ...timed });
    } catch (error) {
      if (!(error instanceof KeyFault) || error.kind !== 'not-file') throw error;
      // The directory that stood there went without an event, or before the copy began.
      await passing(['not-found'], target, { action: 'delete', path, isDir: true, isRecursive: true });
      await target.write({ action: 'set', path, value: node.value, ...timed });
    }
    return;
  }
  if (event.action !== 'update') await passing(['not-file', 'exists'], target, { action: 'set', path, isDir: true, ...timed });
  await target.write({ action: 'update', path, isDir: true, ...timed });
}

async function passing(kinds: readonly KeyFault['kind'][], target: KeysPort, operation: Operation): Promise<void> {
  try {
    await target.write(operation);
  } catch (error) {
    if (!(error instanceof KeyFault) || !kinds.includes(error.kind)) throw error;
  }
}
