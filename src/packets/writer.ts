/** Octets gathered before a block is handed on. */
const blockOctets = 1_048_576;

/** What the file header says. */
export type CaptureWriterOptions = {
  /** Of all frames written; `linkTypes` has the names. */
  linkType: number;
  /** Whether fractions are nanoseconds (magic 0xa1b23c4d) or microseconds, to which they are cut. Default: nanoseconds. */
  precision?: 'micro' | 'nano';
  /** Octets kept of a frame at most: longer ones are cut, their original length is told. Default 262,144, the most that readers accept. */
  snapLength?: number;
};

/** Writes a classic pcap file, little endian, as blocks of about 1 MiB that go to `onBlock`, which owns them from then on. */
export class CaptureWriter {
  readonly #onBlock: (block: Uint8Array) => void;
  readonly #nanosPerTick: number;
  readonly #snapLength: number;
  #block = new Uint8Array(blockOctets);
  #view = new DataView(this.#block.buffer);
  #length = 0;
  /** Packets written so far. */
  packets = 0;

  constructor(options: CaptureWriterOptions, onBlock: (block: Uint8Array) => void) {
    const isNano = (options.precision ?? 'nano') === 'nano';
    this.#onBlock = onBlock;
    this.#nanosPerTick = isNano ? 1 : 1000;
    this.#snapLength = Math.min(options.snapLength ?? 262_144, 262_144);
    this.#view.setUint32(0, isNano ? 0xa1b23c4d : 0xa1b2c3d4, true);
    this.#view.setUint16(4, 2, true);
    this.#view.setUint16(6, 4, true);
    this.#view.setUint32(16, this.#snapLength, true);
    this.#view.setUint32(20, options.linkType, true);
    this.#length = 24;
  }

  /**
   * Adds one frame, which is copied. `original` is its length on the wire where only a part was captured. `seconds` since 1970 are kept
   * modulo 2^32, as the format has no more.
   */
  write(seconds: number, nanos: number, frame: Uint8Array, original = frame.length): void {
    const captured = Math.min(frame.length, this.#snapLength);
    if (this.#length + 16 + captured > blockOctets) this.#flush();
    const at = this.#length;
    this.#view.setUint32(at, seconds, true);
    this.#view.setUint32(at + 4, Math.floor(nanos / this.#nanosPerTick), true);
    this.#view.setUint32(at + 8, captured, true);
    this.#view.setUint32(at + 12, original, true);
    this.#block.set(captured === frame.length ? frame : frame.subarray(0, captured), at + 16);
    this.#length = at + 16 + captured;
    this.packets++;
  }

  /** Hands on what is gathered. An empty capture is its header alone. */
  end(): void {
    if (this.#length > 0) this.#flush();
  }

  #flush(): void {
    this.#onBlock(this.#block.subarray(0, this.#length));
    this.#block = new Uint8Array(blockOctets);
    this.#view = new DataView(this.#block.buffer);
    this.#length = 0;
  }
}

/** A writer that gives its blocks to `onBlock`. */
export function createCaptureWriter(options: CaptureWriterOptions, onBlock: (block: Uint8Array) => void): CaptureWriter {
  return new CaptureWriter(options, onBlock);
}
