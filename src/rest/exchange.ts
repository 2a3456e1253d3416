/** What goes out and comes back when one request is sent: the contract between the carriers and everything above them. */
import type { Headers } from './header.ts';

/** A request to one URL. */
export type Outgoing = {
  method: string;
  url: URL;
  headers: Headers;
  body?: Uint8Array;
};

/** An answer whose head is here and whose body is on its way: read it, or `abandon()` it. */
export type Incoming = {
  /** Where it came from, after redirects. */
  url: URL;
  status: number;
  headers: Headers;
  body: AsyncIterable<Uint8Array>;
  abandon(): void;
};

/** Sends one request. Throws a Problem when no answer comes; any status is an answer. */
export type Exchange = (request: Outgoing) => Promise<Incoming>;

/** The whole body, as long as it is no larger than `limit` octets; undefined when it is, and then it is abandoned. */
export async function readBody({ body, abandon }: Pick<Incoming, 'body' | 'abandon'>, limit: number): Promise<Buffer | undefined> {
  const blocks: Uint8Array[] = [];
  let size = 0;
  for await (const block of body) {
    size += block.byteLength;
    if (size > limit) {
      abandon();
      return undefined;
    }
    blocks.push(block);
  }
  return Buffer.concat(blocks, size);
}

/** A body that is here already. */
export async function* bodyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}
