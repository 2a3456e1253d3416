/** Which operation on the tree a write is (etcd's applier). */
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';
import type { Parameters } from './parameters.ts';

/** The operation of a PUT, POST or DELETE at `now` (milliseconds since the epoch). */
export function operationOf(method: string, path: Path, given: Parameters, now: number): Operation {
  const isComparing = given.prevValue !== '' || given.prevIndex !== 0n;
  if (method === 'DELETE') {
    if (isComparing) return { action: 'compare-and-delete', path, ...comparison(given) };
    return { action: 'delete', path, isDir: given.isDir, isRecursive: given.isRecursive };
  }
  const { isDir, isRefresh } = given;
  const written = { path, value: Buffer.from(given.value, 'latin1'), isDir, isRefresh, ...timeToLive(given.ttl, now) };
  if (method === 'POST') return { action: 'create-in-order', ...written };
  if (given.prevExist === false) return { action: 'create', ...written };
  if (isComparing) return { action: 'compare-and-swap', ...written, ...comparison(given) };
  if (given.prevExist === true) return { action: 'update', ...written };
  return { action: 'set', ...written, ...(given.leastIndex > 0 && { leastIndex: given.leastIndex }) };
}

const comparison = ({ prevValue, prevIndex }: Parameters): Pick<Operation, 'prevValue' | 'prevIndex'> => ({
  ...(prevValue !== '' && { prevValue: Buffer.from(prevValue, 'latin1') }),
  ...(prevIndex !== 0n && { prevIndex }),
});

/** etcd takes a deadline before the year 2000 for none, which is where very long times end up by overflow. */
const earliest = 946_684_800_000_000_000n;

// etcd counts nanoseconds in signed 64 bits, and its overflows are what clients see.
function timeToLive(seconds: bigint | undefined, now: number): Pick<Operation, 'ttl'> {
  if (seconds === undefined) return {};
  const span = BigInt.asIntN(64, seconds * 1_000_000_000n);
  const deadline = BigInt.asIntN(64, BigInt(Math.round(now)) * 1_000_000n + span);
  return deadline < earliest ? {} : { ttl: Number(span / 1_000_000n) };
}
