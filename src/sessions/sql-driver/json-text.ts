/** JSON in UTF-8 that grows at its end. Its memory is used again after each `take`. */
export class JsonText {
  #octets = Buffer.allocUnsafe(1 << 16);
  #end = 0;

  get size(): number {
    return this.#end;
  }

  /** What was written since the last time. */
  take(): Buffer {
    const taken = Buffer.from(this.#octets.subarray(0, this.#end));
    this.#end = 0;
    return taken;
  }

  /** One ASCII character. */
  sign(code: number): void {
    this.#reserve(1);
    this.#octets[this.#end++] = code;
  }

  /** JSON as it stands. */
  json(text: string): void {
    this.#reserve(text.length * 3);
    this.#end += this.#octets.write(text, this.#end);
  }

  /** A whole number, which has to be exact. */
  whole(value: number): void {
    this.#reserve(17);
    const octets = this.#octets;
    let rest = value;
    if (rest < 0) {
      octets[this.#end++] = minus;
      rest = -rest;
    }
    let at = this.#end + digitsOf(rest);
    this.#end = at;
    // Below 2^53 a tenth is never rounded up to the next whole number.
    do {
      const tenth = Math.floor(rest / 10);
      octets[--at] = zero + (rest - tenth * 10);
      rest = tenth;
    } while (rest > 0);
  }

  /** Text in UTF-8, of which octets `[from, from + length)` are to be quoted. */
  quoted(source: Uint8Array, from: number, length: number): void {
    this.#reserve(length + 2);
    const octets = this.#octets;
    const start = this.#end;
    let at = start;
    octets[at++] = quote;
    for (let index = from, end = from + length; index < end; index++) {
      const octet = source[index] as number;
      if (octet < space || octet === quote || octet === backslash) {
        this.json(JSON.stringify(Buffer.from(source.buffer, source.byteOffset + from, length).toString()));
        return;
      }
      octets[at++] = octet;
    }
    octets[at++] = quote;
    this.#end = at;
  }

  #reserve(octets: number): void {
    if (this.#end + octets <= this.#octets.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#end + octets, this.#octets.length * 2));
    this.#octets.copy(grown, 0, 0, this.#end);
    this.#octets = grown;
  }
}

const [space, quote, minus, zero, backslash] = [0x20, 0x22, 0x2d, 0x30, 0x5c];

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}
