/**
 * Packs zstd with one state, and into memory that is there already: `zstdCompressSync` makes both anew for each page, and V8 collects all of its heap
 * for every few megabytes of them. The handle is that of `unzstd.ts`, by which its file swears as well: without it the documented function does the work.
 */
import { constants, createZstdCompress, type ZstdOptions, zstdCompressSync } from 'node:zlib';

type Handle = {
  onerror: (message: string) => void;
  writeSync(flush: number, from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number, toLength: number): void;
};

/** The most octets that a frame may have. */
const mostOctets = (length: number): number => length + (length >> 8) + 128;

export class ZstdPacker {
  readonly #options: ZstdOptions;
  readonly #handle: Handle | undefined;
  /** `[room left in the output, octets left of the input]` after each write. */
  readonly #state: Uint32Array | undefined;
  #memory = new Uint8Array(1 << 20);
  #used = 0;
  #fault: string | undefined;

  constructor(params: NonNullable<ZstdOptions['params']>) {
    this.#options = { params };
    const { _handle: handle, _writeState: state } = createZstdCompress(this.#options) as unknown as {
      _handle?: Handle;
      _writeState?: unknown;
    };
    if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array)) return;
    this.#handle = handle;
    this.#state = state;
    handle.onerror = (message) => {
      this.#fault = message;
    };
  }

  /** Takes back the memory of all that was packed. */
  clear(): void {
    this.#used = 0;
  }

  /** The octets as a frame, until `clear`. */
  readonly pack = (octets: Uint8Array): Uint8Array => {
    const [handle, state] = [this.#handle, this.#state];
    if (handle === undefined || state === undefined) return zstdCompressSync(octets, this.#options);
    const from = this.#used;
    const room = mostOctets(octets.length);
    // What was packed before stays where it is.
    if (from + room > this.#memory.length) return this.#inMore(octets, room);
    handle.writeSync(constants.ZSTD_e_end, octets, 0, octets.length, this.#memory, from, room);
    const [left = 0, rest = 0] = state;
    if (this.#fault !== undefined || rest > 0 || left === 0) throw new Error(this.#fault ?? 'zstd has not packed all');
    this.#used = from + room - left;
    return this.#memory.subarray(from, this.#used);
  };

  #inMore(octets: Uint8Array, room: number): Uint8Array {
    this.#memory = new Uint8Array(Math.max(room, this.#memory.length * 2));
    this.#used = 0;
    return this.pack(octets);
  }
}
