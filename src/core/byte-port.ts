/**
 * Bytes from one thread to another over a message port: blocks are transferred, and at most `window` octets are under
 * way, so that a slow reader slows the sender down and nothing piles up between them.
 */
import type { MessagePort } from 'node:worker_threads';
import { Problem, type ProblemMessage } from './problem.ts';

/** Octets that may be sent and not yet read. */
const window = 8 * 1024 * 1024;
/** Small chunks, such as a socket gives, are gathered to blocks of this size. */
const blockOctets = 512 * 1024;

type ToReader = { type: 'bytes'; bytes: Uint8Array<ArrayBuffer> } | { type: 'end' } | { type: 'failed'; problem: ProblemMessage };
type ToSender = { type: 'read'; octets: number } | { type: 'stop' };

/** Sends all of `source` and tells whether the reader took it: false when it wanted no more. A failing source fails the reader too. */
export const sendBytes = async (port: MessagePort, source: AsyncIterable<Uint8Array>): Promise<boolean> => {
  const flow = new SendWindow(port);
  try {
    let block = new Uint8Array(blockOctets);
    let filled = 0;
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + blockOctets - filled);
        block.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < blockOctets) continue;
        if (!(await flow.send(block))) return false;
        block = new Uint8Array(blockOctets);
        filled = 0;
      }
    }
    if (filled > 0 && !(await flow.send(block.subarray(0, filled)))) return false;
    port.postMessage({ type: 'end' } satisfies ToReader);
    return true;
  } catch (error) {
    const problem =
      error instanceof Problem
        ? error
        : new Problem('unavailable', 'the bytes ended early: the sender failed or went away', { detail: String(error) });
    port.postMessage({ type: 'failed', problem: problem.toMessage() } satisfies ToReader);
    throw error;
  }
};

class SendWindow {
  readonly #port: MessagePort;
  #underWay = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToSender) => {
      if (message.type === 'stop') this.#isStopped = true;
      else this.#underWay -= message.octets;
      this.#wake?.();
    });
    port.on('close', () => {
      this.#isStopped = true;
      this.#wake?.();
    });
  }

  /** Sends a block when there is room; false when the reader wants no more. */
  async send(block: Uint8Array<ArrayBuffer>): Promise<boolean> {
    while (this.#underWay >= window && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isStopped) return false;
    this.#underWay += block.length;
    this.#port.postMessage({ type: 'bytes', bytes: block } satisfies ToReader, [block.buffer]);
    return true;
  }
}

/** The bytes that the other side sends; a chunk is the reader's own. Leaving the loop early stops the sender. */
export async function* receiveBytes(port: MessagePort): AsyncGenerator<Uint8Array> {
  const queue: ToReader[] = [];
  let wake: (() => void) | undefined;
  port.on('message', (message: ToReader) => {
    queue.push(message);
    wake?.();
  });
  // A sender that ends properly says so before it closes; behind any such message this one is never read.
  port.on('close', () => {
    const problem = new Problem('unavailable', 'the bytes ended early: the sender has gone').toMessage();
    queue.push({ type: 'failed', problem });
    wake?.();
  });
  try {
    for (;;) {
      const message = queue.shift();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (message.type === 'end') return;
      else if (message.type === 'failed') throw Problem.revive(message.problem);
      else {
        yield message.bytes;
        port.postMessage({ type: 'read', octets: message.bytes.length } satisfies ToSender);
      }
    }
  } finally {
    port.postMessage({ type: 'stop' } satisfies ToSender);
    port.close();
  }
}
