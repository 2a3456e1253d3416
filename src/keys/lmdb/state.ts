/**
 * How far a store is: one record, written in the same transaction as what it tells about.
 *
 *   version:u8  sequence:f64  (index:f64 oldest:f64 historyBytes:f64) for each space
 */
import { spaces } from '../engine.ts';

/** Index of a space before its first write. The first one takes 4, as on a fresh etcd. */
const firstIndex = 3;

/** Its key in `meta`. */
export const stateKey = 'state';

const version = 1;
const head = 9;
const perSpace = 24;

/** Where a space is. */
export type SpaceState = {
  /** Index of the last change. */
  index: number;
  /** Oldest change in `events`; `index + 1` when there is none. */
  oldest: number;
  /** Octets of all changes in `events`. */
  historyBytes: number;
};

export type State = {
  /** The last batch of the log that is in it; 0 before the first. */
  sequence: number;
  readonly spaces: SpaceState[];
};

/** The state of an empty store. */
const initialState = (): State => ({
  sequence: 0,
  spaces: spaces.map(() => ({ index: firstIndex, oldest: firstIndex + 1, historyBytes: 0 })),
});

/** The state as bytes, in a buffer that is used again by the next call. */
export function encodeState(state: State): Buffer {
  stateBytes[0] = version;
  stateBytes.writeDoubleLE(state.sequence, 1);
  for (const [ordinal, { index, oldest, historyBytes }] of state.spaces.entries()) {
    const at = head + ordinal * perSpace;
    stateBytes.writeDoubleLE(index, at);
    stateBytes.writeDoubleLE(oldest, at + 8);
    stateBytes.writeDoubleLE(historyBytes, at + 16);
  }
  return stateBytes;
}

const stateBytes = Buffer.alloc(head + spaces.length * perSpace);

/** The state that bytes stand for; that of an empty store when there are none. */
export function decodeState(bytes: Buffer | undefined): State {
  if (bytes === undefined) return initialState();
  if (bytes[0] !== version) throw new RangeError(`state of version ${bytes[0]}, expected ${version}`);
  const at = (ordinal: number, field: number): number => bytes.readDoubleLE(head + ordinal * perSpace + field * 8);
  return {
    sequence: bytes.readDoubleLE(1),
    spaces: spaces.map((_, ordinal) => ({ index: at(ordinal, 0), oldest: at(ordinal, 1), historyBytes: at(ordinal, 2) })),
  };
}
