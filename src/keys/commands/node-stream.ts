/**
 * Reads JSON documents that hold nodes in arrays called `nodes` (an export; a listing of etcd, where they nest) without ever
 * holding more than one node: each object of such an array is given out when it closes, less its own `nodes`, so children come
 * before their directory.
 */
import { Problem } from '../../core/problem.ts';

/** A member of a document by name. */
export type Members = Record<string, unknown>;

/** A node of ten megabytes, each octet of it written as `\u00xx`. */
const longestObject = 64 << 20;
const deepestNesting = 10_000;

const blank = 0x20;
const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** An object whose end has not been seen: its text so far without its nodes, and the brackets open in it. */
type Frame = { parts: Buffer[]; length: number; open: number[] };

/**
 * A push parser: `push` answers the nodes that were closed by the block. `head` is the outermost object, as far as it stood
 * before its first node; after `end` it is whole.
 */
export class NodeReader {
  head: Members | undefined;
  readonly #frames: Frame[] = [];
  #isInString = false;
  #isEscaped = false;
  /** Octets before the block at hand, and where in that what is not kept yet begins. */
  #offset = 0;
  #start = 0;
  #isOver = false;

  push(block: Buffer): Members[] {
    const found: Members[] = [];
    this.#start = 0;
    for (let at = 0; at < block.length; at++) {
      const byte = block[at] as number;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === backslash) this.#isEscaped = true;
        else if (byte === quote) this.#isInString = false;
      } else if (byte === openBrace || byte === openBracket) this.#open(block, at, byte);
      else if (byte === closeBrace || byte === closeBracket) this.#close(block, at, byte, found);
      else if (byte > blank && byte !== comma && this.#isBetween()) throw this.#bad(at);
      else if (byte === quote) this.#isInString = true;
    }
    this.#keepRest(block);
    this.#offset += block.length;
    return found;
  }

  #open(block: Buffer, at: number, byte: number): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined || isInNodes(frame)) {
      if (byte === openBracket || this.#isOver || this.#frames.length === deepestNesting) throw this.#bad(at);
      this.#start = at;
      this.#frames.push({ parts: [], length: 0, open: [closeBrace] });
    } else if (byte === openBracket && isNodesNext(frame, block.subarray(this.#start, at))) {
      keep(frame, Buffer.from(block.subarray(this.#start, at + 1)));
      if (this.#frames.length === 1) this.head ??= this.#parse(frame, at, [closeBracket, ...frame.open.toReversed()]);
      frame.open.push(nodesMark);
      this.#start = at + 1;
    } else frame.open.push(byte === openBrace ? closeBrace : closeBracket);
  }

  /** Closes what is open; an object that ends with it is a node, which goes to `found`, or the outermost one. */
  #close(block: Buffer, at: number, byte: number, found: Members[]): void {
    const frame = this.#frames.at(-1);
    const expected = frame?.open.pop();
    if (frame === undefined || (expected === nodesMark ? closeBracket : expected) !== byte) throw this.#bad(at);
    if (expected === nodesMark) this.#start = at;
    if (frame.open.length > 0) return;
    keep(frame, block.subarray(this.#start, at + 1));
    const object = this.#parse(frame, at, []);
    this.#frames.pop();
    this.#start = at + 1;
    this.#isOver = this.#frames.length === 0;
    if (this.#isOver) this.head = object;
    else found.push(object);
  }

  /** Says that the document has ended; throws when it has not. */
  end(): void {
    if (!this.#isOver) throw new Problem('unprocessable', 'the JSON document breaks off', { facts: { offset: this.#offset } });
  }

  /** Outside of all objects, or between two nodes: only a comma and blanks stand there. */
  #isBetween(): boolean {
    const frame = this.#frames.at(-1);
    return frame === undefined || isInNodes(frame);
  }

  #keepRest(block: Buffer): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined || isInNodes(frame)) return;
    // A block may be one that its owner uses again.
    keep(frame, Buffer.from(block.subarray(this.#start)));
    if (frame.length > longestObject)
      throw new Problem('too-large', 'a node of the document is too large', { facts: { offset: this.#offset } });
  }

  #parse(frame: Frame, at: number, closing: readonly number[]): Members {
    const [only] = frame.parts;
    const text = frame.parts.length === 1 && only !== undefined ? only.toString('utf8') : Buffer.concat(frame.parts).toString('utf8');
    try {
      return JSON.parse(text + String.fromCharCode(...closing)) as Members;
    } catch (cause) {
      throw this.#bad(at, (cause as Error).message);
    }
  }

  #bad(at: number, detail?: string): Problem {
    const offset = this.#offset + at;
    return new Problem('unprocessable', `the JSON document is damaged before offset ${offset}`, {
      facts: { offset },
      ...(detail !== undefined && { detail }),
    });
  }
}

/** Stands for the bracket that closes an array of nodes. */
const nodesMark = 0;

const isInNodes = (frame: Frame): boolean => frame.open.at(-1) === nodesMark;

function keep(frame: Frame, part: Buffer): void {
  if (part.length === 0) return;
  frame.parts.push(part);
  frame.length += part.length;
}

/** Whether the text of an object ends in `"nodes":`; brackets within strings never come here. */
function isNodesNext(frame: Frame, rest: Buffer): boolean {
  let tail = rest.subarray(Math.max(0, rest.length - 64)).toString('latin1');
  for (let part = frame.parts.length - 1; part >= 0 && tail.length < 64; part--)
    tail = (frame.parts[part] as Buffer).subarray(-64).toString('latin1') + tail;
  return /[{,]\s*"nodes"\s*:\s*$/.test(tail);
}

/** The nodes of a document that comes in blocks; `reader.head` holds the rest of it, whole when the last node is out. */
export async function* readNodes(blocks: AsyncIterable<Uint8Array>, reader = new NodeReader()): AsyncGenerator<Members> {
  for await (const block of blocks) yield* reader.push(Buffer.from(block.buffer, block.byteOffset, block.byteLength));
  reader.end();
}
