/** The chunks of a body (RFC 9112 section 7.1), counted: nothing of them is kept. */

/** Octets of a line that tells the size of a chunk, with its extensions, or of one trailer field. */
const longestLine = 8192;

export class ChunkCounter {
  /** Octets of data so far. */
  octets = 0;
  state: 'size' | 'data' | 'data-end' | 'trailer' | 'end' | 'wrong' = 'size';
  #line = '';
  #left = 0;

  /** Takes octets; answers how many belonged to the body. */
  take(octets: Uint8Array): number {
    let at = 0;
    while (at < octets.length && this.state !== 'end' && this.state !== 'wrong') {
      if (this.state === 'data') {
        const taken = Math.min(this.#left, octets.length - at);
        this.#left -= taken;
        this.octets += taken;
        at += taken;
        if (this.#left === 0) this.state = 'data-end';
      } else at = this.#takeLine(octets, at);
    }
    return at;
  }

  #takeLine(octets: Uint8Array, at: number): number {
    const end = octets.indexOf(10, at);
    const stop = end < 0 ? octets.length : end;
    if (this.#line.length + stop - at > longestLine) {
      this.state = 'wrong';
      return octets.length;
    }
    this.#line += Buffer.from(octets.buffer, octets.byteOffset + at, stop - at).toString('latin1');
    if (end < 0) return octets.length;
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    this.#endLine(line);
    return end + 1;
  }

  #endLine(line: string): void {
    if (this.state === 'trailer') {
      if (line === '') this.state = 'end';
      return;
    }
    if (this.state === 'data-end') {
      this.state = line === '' ? 'size' : 'wrong';
      return;
    }
    const size = /^([0-9a-fA-F]{1,12})\s*(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) this.state = 'wrong';
    else {
      this.#left = Number.parseInt(size, 16);
      this.state = this.#left === 0 ? 'trailer' : 'data';
    }
  }
}
