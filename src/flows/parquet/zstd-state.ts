/**
 * The state inside of Node's own streams of zstd, used again and again: `zstdCompressSync` and `zstdDecompressSync` make a new one, and new memory, for each
 * page, which V8 has to collect. Node does not document the handle, though much stands on it (`minizlib`, with which npm unpacks every package); should a
 * Node not have it, callers use the documented functions.
 */
import { constants } from 'node:zlib';

/** Native: reads `from` and writes `to`, both as array, begin and length, and tells what is left of each. */
type Handle = {
  onerror: (message: string) => void;
  writeSync(flush: number, from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number, toLength: number): void;
};

export class ZstdState {
  readonly #handle: Handle;
  /** `[room left in the output, octets left of the input]` after each write. */
  readonly #left: Uint32Array;
  #fault: string | undefined;

  private constructor(handle: Handle, left: Uint32Array) {
    this.#handle = handle;
    this.#left = left;
    handle.onerror = (message) => {
      this.#fault = message;
    };
  }

  /** That of a stream; undefined where it is not what is known here. */
  static of(stream: object): ZstdState | undefined {
    const { _handle: handle, _writeState: left } = stream as { _handle?: Handle; _writeState?: unknown };
    return typeof handle?.writeSync === 'function' && left instanceof Uint32Array ? new ZstdState(handle, left) : undefined;
  }

  /** Makes one frame of `from`, or unpacks one, into `to`, which must have an octet to spare. Returns the octets written; after a fault it is of no use any more. */
  run(from: Uint8Array, to: Uint8Array): number {
    this.#handle.writeSync(constants.ZSTD_e_end, from, 0, from.length, to, 0, to.length);
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const [room = 0, rest = 0] = this.#left;
    if (rest > 0 || room === 0) throw new Error('there is more than there is room for');
    return to.length - room;
  }
}
