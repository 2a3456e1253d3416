import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { FrameReader, frameOf } from './frames.ts';
import type { CodeKind, Stage } from './statement.ts';

/** What an interpreter asks of the flows: the files, or rows in a format. */
export type FlowsWish = { format: 'files' | 'arrow' | 'ndjson'; filter?: string; fields?: string; limit?: number };

/** What the server says to an interpreter. */
export type ToDriver =
  | { type: 'run'; id: number; code: string; kind: CodeKind; flows?: object }
  | { type: 'cancel'; id: number }
  | { type: 'ack'; id: number }
  | { type: 'complete'; call: number; code: string; cursor: number }
  | { type: 'flows'; [fact: string]: unknown };

/** What an interpreter says. `done` has the output behind it, as it goes to clients. */
export type FromDriver =
  | { type: 'hello'; pid: number; seen: number; running: number | null; info: Record<string, string | null> | null; done: number[] }
  | { type: 'ready'; info: Record<string, string | null> }
  | { type: 'failed'; reason: string }
  | { type: 'note'; text: string }
  | { type: 'printed'; id: number; stream: 'stdout' | 'stderr'; text: string }
  | { type: 'progress'; id: number; progress: number; stages?: Stage[] }
  | { type: 'completed'; call: number; candidates: string[] }
  | { type: 'flows'; wish: FlowsWish }
  | { type: 'done'; id: number };

export type LinkListener = {
  heard(message: FromDriver, output: Buffer | undefined): void;
  closed(): void;
};

/** The longest name of a Unix socket (unix(7): 108 octets with the NUL). */
const longestName = 107;

/** The connection to the interpreter of a session. */
export class DriverLink {
  readonly #socket: Socket;

  private constructor(socket: Socket, listener: LinkListener) {
    this.#socket = socket;
    const reader = new FrameReader();
    let head: FromDriver | undefined;
    const take = (frame: Buffer): void => {
      if (head !== undefined) {
        const message = head;
        head = undefined;
        listener.heard(message, frame);
        return;
      }
      const message = JSON.parse(frame.toString('utf8')) as FromDriver;
      if (message.type === 'done') head = message;
      else listener.heard(message, undefined);
    };
    socket.on('data', (piece) => {
      try {
        for (const frame of reader.push(piece)) take(frame);
      } catch {
        socket.destroy(); // whoever sends this is no interpreter of ours any more
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => listener.closed());
  }

  /** Connects to the socket in the folder of the session; rejects when nobody listens there. */
  static async open(folder: string, listener: LinkListener): Promise<DriverLink> {
    const path = join(folder, 'driver.sock');
    // A folder deep in the tree has a name too long for the address of a socket; by its descriptor it has a short one.
    const descriptor = Buffer.byteLength(path) > longestName ? openSync(folder, 'r') : undefined;
    try {
      const socket = await new Promise<Socket>((resolve, reject) => {
        const opening = connect(descriptor === undefined ? path : `/proc/self/fd/${descriptor}/driver.sock`);
        opening.once('connect', () => resolve(opening)).once('error', reject);
      });
      return new DriverLink(socket, listener);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  send(message: ToDriver): void {
    this.#socket.write(frameOf(Buffer.from(JSON.stringify(message))));
  }

  /** Lets go of it; the interpreter goes on. */
  close(): void {
    this.#socket.destroy();
  }
}
