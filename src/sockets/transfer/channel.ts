import type { Socket } from 'node:net';
import { Problem } from '../../core/problem.ts';
import type { SocketAddress } from '../address.ts';
import { unreachable } from '../connect.ts';
import { encodeMessage, type Message, type Type } from './message.ts';
import { MessageReader } from './message-reader.ts';

/** Where the bytes of files go as they come. */
export type DataSink = {
  begin(id: string, offset: number, length: number): void;
  /** They belong to the sink with the memory that they are in; no others are in it but those of the same turn. */
  bytes(bytes: Uint8Array): void;
};

const pingMs = 10_000;

/** A connection on which messages go both ways. A silence of `idleMs` ends it; a PING goes out before that while we are at work. */
export class Channel {
  readonly #socket: Socket;
  readonly #pings: NodeJS.Timeout;
  readonly #messages: Message[] = [];
  #wake = Promise.withResolvers<void>();
  #end: Error | 'end' | undefined;
  #isHeldBack = false;
  #saidAt = performance.now();
  #data: DataSink = refusing;

  constructor(socket: Socket, { idleMs, peer }: { idleMs: number; peer: SocketAddress }) {
    this.#socket = socket;
    const reader = new MessageReader({
      onMessage: (message) => this.#take(message),
      onData: (id, offset, length) => this.#data.begin(id, offset, length),
      onBytes: (bytes) => this.#data.bytes(bytes),
    });
    socket.setTimeout(idleMs, () => {
      // We read nothing because the disk is slow: that is no silence of the other side.
      if (!this.#isHeldBack) socket.destroy(new Problem('timeout', `The other side was silent for ${idleMs / 1000} s.`));
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        // What comes from the system has memory of its own, which the taker of the bytes may free.
        reader.push(chunk.byteLength === chunk.buffer.byteLength ? chunk : new Uint8Array(chunk));
      } catch (error) {
        this.#finish(error as Error);
        socket.destroy();
      }
    });
    socket.on('end', () =>
      this.#finish(reader.isBetween ? 'end' : new Problem('unavailable', 'The connection ended in the middle of a message.')),
    );
    socket.on('error', (error) => this.#finish(unreachable(peer, error)));
    socket.on('close', () => this.#finish(new Problem('unavailable', 'The connection was closed.')));
    this.#pings = setInterval(() => this.#ping(), pingMs / 2);
  }

  /** From now on the bytes of files go there. */
  takeData(sink: DataSink): void {
    this.#data = sink;
  }

  /** The next message; undefined when the other side has ended in good order. Throws what ended the connection otherwise. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#end === 'end') return undefined;
      if (this.#end !== undefined) throw this.#end;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  /** The next message, which has to be of one of these types. A CANCEL, and an end, are a Problem. */
  async expect<Wanted extends Type>(...wanted: Wanted[]): Promise<Extract<Message, { type: Wanted }>> {
    const message = await this.next();
    if (message === undefined) throw new Problem('unavailable', 'The other side ended before it was done.');
    if (wanted.includes(message.type as Wanted)) return message as Extract<Message, { type: Wanted }>;
    if (message.type === 'CANCEL') throw new Problem('gone', 'The other side gave up.', { detail: message.body.reason });
    throw new Problem('invalid', `The other side sent ${message.type} where ${wanted.join(' or ')} belongs.`);
  }

  /** A message that has come already, or undefined. */
  peek(): Message | undefined {
    return this.#messages[0];
  }

  /** True when nothing more will come. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  send(type: Exclude<Type, 'DATA'>, body: object | null): void {
    this.#saidAt = performance.now();
    if (this.#socket.writable) this.#socket.write(encodeMessage(type, body));
  }

  /** Writes a DATA frame; `onWritten` is called when its bytes may be changed. False when it is better to wait for `drained`. */
  sendData(head: Buffer, bytes: Uint8Array, onWritten: () => void): boolean {
    this.#saidAt = performance.now();
    this.#socket.cork();
    this.#socket.write(head);
    const hasRoom = this.#socket.write(bytes, onWritten);
    this.#socket.uncork();
    return hasRoom;
  }

  /** Resolves when what was written has gone to the system; throws when the connection ends first. */
  drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#socket.off('drain', settle).off('close', settle);
        if (this.#socket.destroyed)
          reject(this.#end instanceof Error ? this.#end : new Problem('unavailable', 'The connection was closed.'));
        else resolve();
      };
      if (this.#socket.destroyed || !this.#socket.writableNeedDrain) settle();
      else this.#socket.on('drain', settle).on('close', settle);
    });
  }

  /** Reads no more for now: what came is not on the disk yet. */
  holdBack(): void {
    this.#isHeldBack = true;
    this.#socket.pause();
  }

  goOn(): void {
    this.#isHeldBack = false;
    this.#socket.resume();
  }

  /** Ends our side, and lets go when the other has ended, too. */
  end(): void {
    clearInterval(this.#pings);
    this.#socket.end();
    if (this.#end !== undefined) this.#socket.destroySoon();
  }

  destroy(): void {
    clearInterval(this.#pings);
    this.#socket.destroy();
  }

  #take(message: Message): void {
    if (message.type === 'PING') return;
    this.#messages.push(message);
    this.#wake.resolve();
  }

  #finish(end: Error | 'end'): void {
    if (this.#end !== undefined && this.#end !== 'end') return;
    if (this.#end === 'end' && end !== 'end' && this.#socket.writableEnded) return;
    this.#end = end;
    clearInterval(this.#pings);
    this.#wake.resolve();
  }

  #ping(): void {
    if (performance.now() - this.#saidAt >= pingMs) this.send('PING', null);
  }
}

const refusing: DataSink = {
  begin: () => {
    throw new Problem('invalid', 'The other side sent bytes that nobody asked for.');
  },
  bytes: () => {},
};
