/**
 * One connection of the etcd v2 listener. Simple requests on keys are answered here, straight from one piece of the socket
 * into another: several times what a general HTTP server does. At the first request that is not simple the connection is
 * handed to Node's own server, which keeps it.
 */
import type { Socket } from 'node:net';
import type { Answer } from './answer.ts';
import { Outlet } from './outlet.ts';
import type { QuickAnswers } from './quick-answers.ts';
import { QuickReader } from './quick-request.ts';
import type { V2 } from './v2.ts';
import { type OpenWatch, tellChunk, tellLastChunk } from './watch.ts';

export type QuickOptions = {
  v2: V2;
  answers: QuickAnswers;
  /** Whether requests that name this host are let in as they are; asked for each. */
  isOpenTo(host: string): boolean;
  /** Takes over the connection with what was read of it. */
  handOver(socket: Socket, read: Buffer): void;
  onFault(error: unknown): void;
  /** How long a connection is kept for the next request, in milliseconds. */
  keepAliveMs: number;
};

/** Octets that a client may send ahead of its answers before it is not listened to for a while. */
const pipelineLimit = 256 * 1024;

export class QuickConnection {
  readonly #socket: Socket;
  readonly #options: QuickOptions;
  readonly #reader: QuickReader;
  #unread = '';
  #isBusy = false;
  #isEnding = false;
  // Some clients send head and body apart. One more piece is waited for; slower bodies are for Node, which times them.
  #isWaiting = false;
  #watch: OpenWatch | undefined;
  readonly #onData = (piece: Buffer) => this.#take(piece);

  constructor(socket: Socket, options: QuickOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new QuickReader(options.isOpenTo);
    socket.setTimeout(options.keepAliveMs);
    socket.on('data', this.#onData);
    socket.on('timeout', onTimeout);
    socket.on('error', onError);
    socket.on('close', () => this.#watch?.close());
  }

  /** Ends the connection as soon as no answer is under way. */
  end(): void {
    this.#isEnding = true;
    if (this.#watch !== undefined) this.#socket.destroy();
    else if (!this.#isBusy) this.#socket.end();
  }

  #take(piece: Buffer): void {
    this.#unread = this.#unread === '' ? piece.toString('latin1') : this.#unread + piece.toString('latin1');
    if (!this.#isBusy) this.#work().catch((error: unknown) => this.#fail(error));
    else if (this.#unread.length > pipelineLimit) this.#socket.pause();
  }

  #fail(error: unknown): void {
    this.#options.onFault(error);
    this.#socket.destroy();
  }

  /** Answers what has been read, one request after the other. */
  async #work(): Promise<void> {
    this.#isBusy = true;
    const { v2, answers } = this.#options;
    const socket = this.#socket;
    while (this.#unread !== '' && !socket.destroyed) {
      const request = this.#reader.read(this.#unread);
      if (request === 'partial' && !this.#isWaiting) {
        this.#isWaiting = true;
        break;
      }
      if (request === 'partial' || request === undefined) return this.#handOver();
      this.#isWaiting = false;
      this.#unread = this.#unread.length === request.end ? '' : this.#unread.slice(request.end);
      const { method, target, contentType, body } = request;
      const answer = await v2.answer({ method, target, contentType, body, self: '' });
      if (answer.kind === 'watch') await this.#follow(answer.watch);
      else this.#write(answer, answers);
      if (socket.isPaused()) socket.resume();
    }
    this.#isBusy = false;
    if (this.#isEnding) socket.end();
  }

  #write(answer: Exclude<Answer, { kind: 'watch' }>, answers: QuickAnswers): void {
    const isDrained = this.#socket.write(answer.kind === 'keys' ? answers.keys(answer) : answers.page(answer), 'latin1');
    // One that asks and asks and never reads is not listened to until it does.
    if (!isDrained) {
      this.#socket.pause();
      this.#socket.once('drain', () => this.#socket.resume());
    }
    if (answer.kind === 'page' && answer.isBare === true) this.#socket.end();
  }

  #handOver(): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('timeout', onTimeout);
    socket.off('error', onError);
    socket.setTimeout(0);
    this.#options.handOver(socket, Buffer.from(this.#unread, 'latin1'));
    this.#unread = '';
  }

  /** Resolves when the answer of a watch has ended. */
  #follow(watch: OpenWatch): Promise<void> {
    const socket = this.#socket;
    const { answers, keepAliveMs } = this.#options;
    this.#watch = watch;
    if (socket.destroyed) watch.close();
    socket.setTimeout(0);
    socket.write(answers.watch(watch.index), 'latin1');
    return new Promise((resolve) => {
      const over = () => {
        this.#watch = undefined;
        socket.off('drain', drained);
        if (!socket.destroyed) socket.setTimeout(keepAliveMs);
        resolve();
      };
      const outlet = new Outlet({
        tell: tellChunk,
        tellLast: tellLastChunk,
        write: (lines, isLast) => {
          const isDrained = socket.write(lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines));
          if (isLast) over();
          return isDrained;
        },
        drop: (reason) => {
          this.#options.v2.deps.dropped.add(reason, socket.remoteAddress);
          this.#drop(watch, over);
        },
        // Cut off and not ended: so a client knows that this was no event.
        cut: () => {
          socket.destroy();
          over();
        },
      });
      const drained = () => outlet.drained();
      socket.on('drain', drained);
      watch.flow(outlet);
    });
  }

  /** A client that does not keep up: its answer ends, and so does the connection if it does not even take that. */
  #drop(watch: OpenWatch, over: () => void): void {
    watch.close();
    this.#socket.end('0\r\n\r\n');
    setTimeout(() => this.#socket.destroy(), 10_000).unref();
    over();
  }
}

function onTimeout(this: Socket): void {
  this.destroy();
}

// What breaks a connection is told by its 'close'; there is nobody to answer.
function onError(): void {}
