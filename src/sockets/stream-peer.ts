import type { Socket } from 'node:net';
import { Problem } from '../core/problem.ts';
import type { Frame } from './frame.ts';
import { createDecoder } from './framing/decoder.ts';
import type { Decoder } from './framing/frame-sink.ts';
import type { Framing } from './framing/framing.ts';
import type { Limits } from './limits.ts';
import type { Peer } from './peer.ts';

export type StreamPeerOptions = {
  connection: number;
  address: string;
  framing: Framing;
  limits: Limits;
  now(): number;
  /** Takes a frame; its bytes belong to the taker. */
  take(frame: Frame): void;
  count(bytes: number): void;
  /** True when what was taken is to be delivered before more is read. */
  isFull(): boolean;
  /** Resolves when all that was taken is delivered: then the peer is told that we have it all. */
  settle(): Promise<void>;
  onFault(fault: string): void;
};

/**
 * One connection of a listener: cuts what comes into frames. When the peer closes its side we answer by closing ours, once its frames are
 * delivered; a frame that cannot be is answered by a reset, so that the peer cannot take it for an end in good order.
 */
export class StreamPeer implements Peer {
  readonly connection: number;
  readonly address: string;
  readonly since: number;
  last: number;
  bytes = 0;
  frames = 0;
  isHeldBack = false;
  readonly #socket: Socket;
  readonly #options: StreamPeerOptions;
  readonly #decoder: Decoder;
  /** Its frames are being delivered, however long that takes. */
  #hasEnded = false;

  constructor(socket: Socket, options: StreamPeerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.connection = options.connection;
    this.address = options.address;
    this.since = this.last = options.now();
    this.#decoder = createDecoder(options.framing, (bytes, start, end) => this.#take(bytes, start, end));
    // A vanished peer is found by the kernel's probes, a silent one by the limit.
    socket.setKeepAlive(true, 30_000);
    socket.setTimeout(options.limits.firstMs);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => void this.#finish());
    socket.on('timeout', () => this.#tire());
    socket.on('error', () => {}); // resets are an end like any other; 'close' follows
  }

  /** Reads on after `isHeldBack`. */
  goOn(): void {
    if (!this.isHeldBack) return;
    this.isHeldBack = false;
    // A time-out that passed meanwhile is not set again by itself.
    this.#socket.setTimeout(this.#options.limits.idleMs).resume();
  }

  /** Ends our side; the peer may end its own. */
  end(): void {
    this.#socket.resume().end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.bytes === 0) this.#socket.setTimeout(this.#options.limits.idleMs);
    this.bytes += chunk.length;
    this.last = this.#options.now();
    this.#options.count(chunk.length);
    this.#guard(() => this.#decoder.push(chunk));
    if (!this.#options.isFull()) return;
    this.isHeldBack = true;
    this.#socket.pause();
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    this.frames++;
    // A copy: the chunk, and with it all its frames, would stay as long as one of them waits.
    this.#options.take({
      bytes: Uint8Array.prototype.slice.call(bytes, start, end),
      peer: this.address,
      connection: this.connection,
      at: this.last,
    });
  }

  async #finish(): Promise<void> {
    this.#hasEnded = true;
    if (!this.#guard(() => this.#decoder.end())) return;
    await this.#options.settle();
    this.#socket.end();
  }

  #guard(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#options.onFault(String(error.facts?.fault ?? error.code));
      this.#socket.resetAndDestroy();
      return false;
    }
  }

  #tire(): void {
    const { bytes } = this;
    // Once more round the loop: after a long turn of ours the time is over before what came meanwhile is read.
    setImmediate(() => {
      // It may be we who do not read: that is no silence of the peer.
      if (this.isHeldBack || this.bytes > bytes || this.#hasEnded) return;
      this.#options.onFault(this.bytes === 0 ? 'no_first_byte' : 'idle');
      this.#socket.destroy();
    });
  }
}
