/**
 * Unpacks zstd into memory that is there already. `zstdDecompressSync` makes a new state and new memory for each page, which V8 has to
 * collect: a page of 300 KB took it 0.9 ms, of which 0.1 are zstd's. The way around is the handle inside of Node's own stream, which
 * Node does not document, though much stands on it (`minizlib`, with which npm unpacks every package). Should a Node
 * not have it, the documented function does the work.
 */
import { constants, createZstdDecompress, zstdDecompressSync } from 'node:zlib';

/** Native: reads `from` and writes `to`, both as array, begin and length, and tells what is left of each. */
type Handle = {
  onerror: (message: string) => void;
  writeSync(flush: number, from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number, toLength: number): void;
};
/** `[room left in the output, octets left of the input]` after each write. */
type State = Uint32Array;

class Unpacker {
  readonly #handle: Handle;
  readonly #state: State;
  #fault: string | undefined;

  constructor(handle: Handle, state: State) {
    this.#handle = handle;
    this.#state = state;
    handle.onerror = (message) => {
      this.#fault = message;
    };
  }

  static make(): Unpacker | undefined {
    const { _handle: handle, _writeState: state } = createZstdDecompress() as unknown as { _handle?: Handle; _writeState?: State };
    if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array)) return undefined;
    return new Unpacker(handle, state);
  }

  /** Returns the octets written. After a fault the state is of no use any more. */
  unpack(packed: Uint8Array, target: Uint8Array): number {
    this.#handle.writeSync(constants.ZSTD_e_end, packed, 0, packed.length, target, 0, target.length);
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const [room = 0, rest = 0] = this.#state;
    if (rest > 0 || room === 0) throw new Error('there is more in it than it says');
    return target.length - room;
  }
}

let unpacker: Unpacker | undefined;
let isKnown = true;

/** Unpacks one frame into `target`, which must have room to spare, and returns its length; an error where it is broken or has no room. */
export const unpackZstd = (packed: Uint8Array, target: Uint8Array): number => {
  if (isKnown) unpacker ??= Unpacker.make();
  isKnown = unpacker !== undefined;
  if (unpacker === undefined) return unpackAnew(packed, target);
  const known = unpacker;
  unpacker = undefined; // unless all goes well
  const length = known.unpack(packed, target);
  unpacker = known;
  return length;
};

const unpackAnew = (packed: Uint8Array, target: Uint8Array): number => {
  const octets = zstdDecompressSync(packed, { chunkSize: Math.max(64, target.length), maxOutputLength: target.length });
  target.set(octets);
  return octets.length;
};
