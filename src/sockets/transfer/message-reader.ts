import { Gather } from '../framing/gather.ts';
import { LengthReader } from '../framing/length-reader.ts';
import { broken, controlMax, dataHead, decodeMessage, type Message, types, wire } from './message.ts';

/** Takes what a stream of messages holds. The bytes of DATA are handed on as they come, and never collected. */
export type MessageSink = {
  onMessage(message: Message): void;
  /** A DATA frame begins: its id (hexadecimal), where its bytes belong, and how many will come. */
  onData(id: string, offset: number, length: number): void;
  onBytes(bytes: Uint8Array): void;
};

/** Reads messages from the chunks of a stream. Throws for what is none; then nothing behind it can be read either. */
export class MessageReader {
  readonly #sink: MessageSink;
  readonly #length = new LengthReader(wire);
  readonly #head = new Gather();
  /** Bytes of this frame that are still to come; undefined between frames. */
  #left: number | undefined;
  /** True behind the head of a DATA frame. */
  #isData = false;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** True where a stream may end. */
  get isBetween(): boolean {
    return this.#left === undefined && this.#length.held === 0;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === undefined) {
        at = this.#length.read(chunk, at);
        this.#left = this.#length.take();
        if (this.#left === 0) throw broken('an empty frame');
      } else at = this.#isData ? this.#readData(chunk, at, this.#left) : this.#readHead(chunk, at, this.#left);
    }
  }

  #readData(chunk: Uint8Array, at: number, left: number): number {
    const end = Math.min(chunk.length, at + left);
    this.#left = left - (end - at);
    this.#sink.onBytes(chunk.subarray(at, end));
    if (this.#left === 0) this.#endFrame();
    return end;
  }

  /** Collects a message, or the head of DATA. */
  #readHead(chunk: Uint8Array, at: number, left: number): number {
    const held = this.#head.length;
    const isData = (held === 0 ? chunk[at] : this.#head.bytes[0]) === types.DATA;
    if (held + left > controlMax && !isData) throw broken(`a message of ${held + left} bytes`);
    if (isData && held + left < dataHead) throw broken('data without its head');
    const wanted = isData ? dataHead - held : left;
    const end = Math.min(chunk.length, at + wanted);
    this.#head.add(chunk, at, end, held + wanted);
    this.#left = left - (end - at);
    if (end - at === wanted) this.#endHead(isData);
    return end;
  }

  #endHead(isData: boolean): void {
    const { bytes, length } = this.#head;
    this.#head.clear();
    if (!isData) {
      this.#endFrame();
      this.#sink.onMessage(decodeMessage(bytes.subarray(0, length)));
      return;
    }
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, dataHead);
    const offset = head.readBigUInt64BE(17);
    if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('data for a place that no file has');
    this.#isData = true;
    this.#sink.onData(head.toString('hex', 1, 17), Number(offset), this.#left as number);
    if (this.#left === 0) this.#endFrame();
  }

  #endFrame(): void {
    this.#left = undefined;
    this.#isData = false;
  }
}
