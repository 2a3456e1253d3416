/** Cuts a byte stream into IPFIX messages (RFC 7011 section 10.4): each says its length in its third and fourth octet. */

/** What `push` answers when the stream is none of messages. */
export type StreamFault = 'version' | 'length';

export class MessageFramer {
  #held = new Uint8Array(0);

  /** Octets of a message that has begun. */
  get held(): number {
    return this.#held.length;
  }

  /** Hands whole messages to `take`; holds at most one unfinished one, of 64 KiB. The stream is of no use after a fault. */
  push(bytes: Uint8Array, take: (message: DataView) => void): StreamFault | undefined {
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    while (data.length - at >= 4) {
      if (view.getUint16(at) !== 10) return 'version';
      const length = view.getUint16(at + 2);
      if (length < 16) return 'length';
      if (data.length - at < length) break;
      take(new DataView(data.buffer, data.byteOffset + at, length));
      at += length;
    }
    this.#held = Uint8Array.from(data.subarray(at));
    return undefined;
  }
}
