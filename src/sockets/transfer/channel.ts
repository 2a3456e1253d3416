import type { Socket } from 'node:net';
import { Problem } from '../../core/problem.ts';
import type { SocketAddress } from '../address.ts';
import { unreachable } from '../connect.ts';
import { encodeMessage, type Message, type Type } from './message.ts';
import { MessageReader } from './message-reader.ts';
import { ReadBlocks } from './read-blocks.ts';

/** Where the bytes of files go as they come. */
export type DataSink = {
  begin(id: string, offset: number, length: number): void;
  /** They are the sink's, which gives their memory back (`giveBack`) with all that came in the same turn. */
  bytes(bytes: Uint8Array): void;
};

export type ChannelOptions = {
  idleMs: number;
  peer: SocketAddress;
  /** The memory that the socket is read into, where it is not the system's choice. */
  blocks?: ReadBlocks;
};

const pingMs = 10_000;
/** How long the other side may take to hear why we give up. */
const partingMs = 1000;

/** A connection on which messages go both ways. A silence of `idleMs` ends it; a PING goes out before that while we are at work. */
export class Channel {
  readonly #socket: Socket;
  readonly #pings: NodeJS.Timeout;
  readonly #messages: Message[] = [];
  #wake = Promise.withResolvers<void>();
  #end: Error | 'end' | undefined;
  #isHeldBack = false;
  #isDismissed = false;
  #saidAt = performance.now();
  #data: DataSink = refusing;
  /** True when the sink has some of what is being read. */
  #isTaken = false;
  readonly #blocks: ReadBlocks;

  constructor(socket: Socket, { idleMs, peer, blocks = new ReadBlocks() }: ChannelOptions) {
    this.#socket = socket;
    this.#blocks = blocks;
    const reader = new MessageReader({
      onMessage: (message) => this.#take(message),
      onData: (id, offset, length) => this.#data.begin(id, offset, length),
      onBytes: (bytes) => {
        this.#isTaken = true;
        this.#data.bytes(bytes);
      },
    });
    socket.setTimeout(idleMs, () => {
      // We read nothing because the disk is slow: that is no silence of the other side.
      if (!this.#isHeldBack) socket.destroy(new Problem('timeout', `The other side was silent for ${idleMs / 1000} s.`));
    });
    socket.on('data', (chunk: Uint8Array) => {
      try {
        this.#isTaken = false;
        const alone = blocks.isAlone(chunk) ? chunk : new Uint8Array(chunk);
        if (!this.#isDismissed) reader.push(alone);
        if (!this.#isTaken) blocks.giveBack(alone.buffer);
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

  /** Takes the memory of bytes back that went to the sink. */
  giveBack(memory: ArrayBufferLike): void {
    this.#blocks.giveBack(memory);
  }

  /** The next message; undefined when the other side has ended in good order. Throws what ended the connection otherwise, a CANCEL included. */
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

  /** The next message, which has to be of one of these types. An end is a Problem. */
  async expect<Wanted extends Type>(...wanted: Wanted[]): Promise<Extract<Message, { type: Wanted }>> {
    const message = await this.next();
    if (message === undefined) throw new Problem('unavailable', 'The other side ended before it was done.');
    if (wanted.includes(message.type as Wanted)) return message as Extract<Message, { type: Wanted }>;
    throw new Problem('invalid', `The other side sent ${message.type} where ${wanted.join(' or ')} belongs.`);
  }

  /** True when nothing more will come: the other side has ended, or given up. */
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

  /**
   * Ends it before its time, and tells the other side why where there is a reason. What is on its way to us is read and not looked at: who cannot
   * get rid of what he has to say does not hear.
   */
  dismiss(reason: string | undefined): void {
    if (reason !== undefined) this.send('CANCEL', { id: '0'.repeat(32), reason });
    this.#isDismissed = true;
    this.goOn();
    this.end();
    setTimeout(() => this.destroy(), partingMs).unref();
  }

  destroy(): void {
    clearInterval(this.#pings);
    this.#socket.destroy();
  }

  #take(message: Message): void {
    if (message.type === 'PING') return;
    if (message.type === 'CANCEL') this.#finish(new Problem('gone', 'The other side gave up.', { detail: message.body.reason }));
    else {
      this.#messages.push(message);
      this.#wake.resolve();
    }
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
