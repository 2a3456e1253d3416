import { type CaptureInterface, isKnownLink } from './link.ts';
import { PcapParser, pcapMagics } from './pcap.ts';
import { PcapngParser, sectionHeaderType } from './pcapng.ts';
import { unreadableCapture } from './problems.ts';
import { CaptureProgress, type FrameSink, type RecordParser } from './progress.ts';
import type { CaptureWarnings } from './warnings.ts';

/**
 * Reads a capture that is pushed to it in pieces of any size; recognises classic pcap and pcapng by their first octets.
 * Synchronous: all whole packets of a piece reach the sink before `push` returns. Holds at most one incomplete record (16 MiB).
 * A fault throws Problem (facts: offset, packet) after everything good before it was delivered; the reader is then spent and ignores what comes.
 */
export class CaptureReader {
  readonly #progress: CaptureProgress;
  #parser: RecordParser | undefined;
  #kind: 'pcap' | 'pcapng' | undefined;
  /** The start of a record whose rest has not come yet. */
  #held = new Uint8Array(65_536);
  #heldView = new DataView(this.#held.buffer);
  #heldLength = 0;
  #received = 0;
  #isSpent = false;

  constructor(sink: FrameSink) {
    this.#progress = new CaptureProgress(sink);
  }

  /**
   * `bytes` may be reused by the caller as soon as this returns. The `headroom` octets in front of them are the reader's to write to: a record of
   * which the start came before is put together there, beside those that came whole.
   */
  push(bytes: Uint8Array, headroom = 0): void {
    if (this.#isSpent) return;
    if (this.#heldLength > 0 && this.#heldLength <= Math.min(headroom, bytes.length)) this.#scanPiece(this.#joined(bytes));
    else this.#scanPiece(bytes);
  }

  /** What is held, and behind it the octets of a piece, in the memory in front of these; nothing is held any more. */
  #joined(bytes: Uint8Array): Uint8Array {
    const length = this.#heldLength;
    const joined = new Uint8Array(bytes.buffer, bytes.byteOffset - length, length + bytes.length);
    joined.set(this.#held.subarray(0, length));
    this.#received -= length;
    this.#heldLength = 0;
    return joined;
  }

  #scanPiece(bytes: Uint8Array): void {
    let at = 0;
    while (this.#heldLength > 0) {
      at += this.#hold(bytes, at, this.#need() - this.#heldLength);
      if (this.#heldLength < this.#need()) {
        this.#received += bytes.length;
        return;
      }
      this.#progress.baseOffset = this.#received + at - this.#heldLength;
      if (this.#scan(this.#heldView, 0, this.#heldLength) > 0) this.#heldLength = 0;
    }
    this.#progress.baseOffset = this.#received;
    const consumed = this.#scan(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at, bytes.length);
    this.#hold(bytes, consumed, bytes.length - consumed);
    this.#received += bytes.length;
  }

  /** Says that no more octets come. Throws Problem when there was no capture at all; silent after a fault, which was told already. */
  end(): void {
    if (this.#isSpent) return;
    if (this.#heldLength === this.#received) {
      throw unreadableCapture(
        this.#received === 0
          ? 'The file is empty.'
          : `The file ends after ${this.#received} octets, inside the file header (24 octets for pcap, at least 28 for pcapng).`,
      );
    }
    if (this.#heldLength > 0) {
      this.#progress.warnings.add('cut', this.#received - this.#heldLength, this.#progress.packets + 1);
      this.#heldLength = 0;
    }
  }

  /** Known after the first four octets. */
  get kind(): 'pcap' | 'pcapng' | undefined {
    return this.#kind;
  }

  /** Packets read so far, whatever became of them. */
  get packets(): number {
    return this.#progress.packets;
  }

  /** Octets pushed so far. */
  get octets(): number {
    return this.#received;
  }

  /** Of the last section header seen. */
  get byteOrder(): 'little' | 'big' {
    return this.#progress.byteOrder;
  }

  /** All interfaces declared so far, of all sections. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#progress.interfaces;
  }

  get warnings(): CaptureWarnings {
    return this.#progress.warnings;
  }

  /** What people should know of this file: what was odd in it, which link types cannot be opened, and what is not in it. */
  get remarks(): string[] {
    const unknown = new Map<number, number>();
    for (const { linkType, packets } of this.interfaces)
      if (packets > 0 && !isKnownLink(linkType)) unknown.set(linkType, (unknown.get(linkType) ?? 0) + packets);
    const links = [...unknown].map(
      ([type, count]) =>
        `link type ${type} is not known: ${count === 1 ? 'the packet' : `the ${count} packets`} of its interface cannot be opened`,
    );
    const lost = this.dropped > 0 ? [`the capture had lost ${this.dropped} packets before they were written, as the file tells`] : [];
    return [...this.warnings.texts(), ...links, ...lost];
  }

  /** Packets lost while capturing, as the file itself tells (pcapng), over all interfaces. */
  get dropped(): number {
    return this.#progress.interfaces.reduce((sum, link) => sum + Math.max(0, link.dropped), 0);
  }

  #need(): number {
    return this.#parser ? this.#parser.need : 4;
  }

  #scan(view: DataView, start: number, end: number): number {
    if (!this.#parser && end - start < 4) return start;
    try {
      this.#parser ??= this.#detect(view.getUint32(start));
      return this.#parser.scan(view, start, end);
    } catch (fault) {
      this.#isSpent = true;
      throw fault;
    }
  }

  #detect(magic: number): RecordParser {
    if (magic === sectionHeaderType) {
      this.#kind = 'pcapng';
      return new PcapngParser(this.#progress);
    }
    if (!pcapMagics.has(magic)) {
      throw unreadableCapture(
        `The first four octets are ${magic.toString(16).padStart(8, '0')}; expected those of pcap (such as d4c3b2a1) or pcapng (0a0d0d0a).`,
      );
    }
    this.#kind = 'pcap';
    return new PcapParser(this.#progress);
  }

  /** Copies up to `wanted` octets behind the held ones; answers how many there were. */
  #hold(bytes: Uint8Array, at: number, wanted: number): number {
    const taken = Math.min(wanted, bytes.length - at);
    if (taken <= 0) return 0;
    if (this.#heldLength + taken > this.#held.length) this.#growHeld(this.#heldLength + taken);
    this.#held.set(bytes.subarray(at, at + taken), this.#heldLength);
    this.#heldLength += taken;
    return taken;
  }

  #growHeld(length: number): void {
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(length)));
    grown.set(this.#held.subarray(0, this.#heldLength));
    this.#held = grown;
    this.#heldView = new DataView(grown.buffer);
  }
}

/** A reader that gives its frames to `sink`. */
export function createCaptureReader(sink: FrameSink): CaptureReader {
  return new CaptureReader(sink);
}
