/** Packs zstd with one state, and into memory that is there already: with both made anew for each page V8 collects all of its heap for every few megabytes. */
import { createZstdCompress, type ZstdOptions, zstdCompressSync } from 'node:zlib';
import { ZstdState } from './zstd-state.ts';

/** The most octets that a frame may have. */
const mostOctets = (length: number): number => length + (length >> 8) + 128;

export class ZstdPacker {
  readonly #options: ZstdOptions;
  readonly #state: ZstdState | undefined;
  #memory = new Uint8Array(1 << 20);
  #used = 0;

  constructor(params: NonNullable<ZstdOptions['params']>) {
    this.#options = { params };
    this.#state = ZstdState.of(createZstdCompress(this.#options));
  }

  /** Takes back the memory of all that was packed. */
  clear(): void {
    this.#used = 0;
  }

  /** The octets as a frame, until `clear`. */
  readonly pack = (octets: Uint8Array): Uint8Array => {
    if (this.#state === undefined) return zstdCompressSync(octets, this.#options);
    const from = this.#used;
    const room = mostOctets(octets.length);
    // What was packed before stays where it is.
    if (from + room > this.#memory.length) return this.#inMore(octets, room);
    this.#used = from + this.#state.run(octets, this.#memory.subarray(from, from + room));
    return this.#memory.subarray(from, this.#used);
  };

  #inMore(octets: Uint8Array, room: number): Uint8Array {
    this.#memory = new Uint8Array(Math.max(room, this.#memory.length * 2));
    this.#used = 0;
    return this.pack(octets);
  }
}
