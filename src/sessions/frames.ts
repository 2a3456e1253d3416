/** Frames between server and interpreter: four octets of length (big-endian), then so many octets. */

/** No interpreter sends more at once: an output of the largest size that can be set, and what stands around it. */
const longest = 1024 * 2 ** 20;

/** What stands in front of so many octets. */
export function frameHead(length: number): Buffer {
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32BE(length, 0);
  return head;
}

/** A frame around octets. */
export const frameOf = (octets: Uint8Array): Buffer => Buffer.concat([frameHead(octets.length), octets]);

/** Puts frames together from the pieces in which they arrive. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #octets = 0;
  /** Length of the frame that is arriving, head included; 4 until its head is there. */
  #wanted = 4;

  /** The frames that are whole with this piece. Throws for a frame that is longer than any can be. */
  push(piece: Buffer): Buffer[] {
    this.#pieces.push(piece);
    this.#octets += piece.length;
    const frames: Buffer[] = [];
    while (this.#octets >= this.#wanted) {
      const whole = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
      const length = whole.readUInt32BE(0);
      if (length > longest) throw new Error(`a frame of ${length} octets`);
      this.#wanted = 4 + length;
      this.#pieces = [whole];
      if (whole.length < this.#wanted) break;
      frames.push(whole.subarray(4, this.#wanted));
      this.#pieces = [whole.subarray(this.#wanted)];
      this.#octets = whole.length - this.#wanted;
      this.#wanted = 4;
    }
    return frames;
  }
}
