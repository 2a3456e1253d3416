import { usualPorts } from './service-names.ts';

/** The usual ports first, the others shuffled: neighbours are not asked one after the other, and a run can be repeated by its seed. */
export function orderPorts(ports: readonly number[], seed: number): Uint16Array {
  const wanted = new Set(ports);
  const first = usualPorts.filter((port) => wanted.delete(port));
  const rest = [...wanted];
  let state = seed >>> 0 || 1;
  for (let i = rest.length - 1; i > 0; i--) {
    // xorshift32 (Marsaglia 2003): no secret, the same everywhere.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    const j = state % (i + 1);
    [rest[i], rest[j]] = [rest[j] as number, rest[i] as number];
  }
  return Uint16Array.from([...first, ...rest]);
}
