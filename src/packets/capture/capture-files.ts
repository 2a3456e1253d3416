/**
 * A capture on disk: one file, or a row of them that is turned by size, time or number of packets and may be a ring. A file
 * grows as `NAME.part` and has its name once it is whole; nobody but its owner may read it, for captures hold passwords.
 */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { Problem } from '../../core/problem.ts';
import type { CaptureInterface } from '../link.ts';
import type { Packet } from '../packet.ts';
import { type CaptureWriter, createCaptureWriter } from '../writer.ts';

export type Rotation = {
  /** Octets, seconds and packets of a file; it is turned at the first of them that is reached. */
  octets?: number | undefined;
  seconds?: number | undefined;
  packets?: number | undefined;
  /** Files kept; the oldest goes for a new one. */
  keep?: number | undefined;
};

/** The file at hand. */
type Growing = { path: string; fd: number; writer: CaptureWriter; octets: number; began: number };

export class CaptureFiles {
  /** Whole files, the oldest first. */
  readonly files: string[] = [];
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #isRow: boolean;
  #serial = 0;
  #current: Growing | undefined;

  /** `path` is the file; of a row each has a number before the ending: `office.pcap`, `office-00001.pcap`. */
  constructor(path: string, rotation: Rotation) {
    this.#path = path;
    this.#rotation = rotation;
    this.#isRow = rotation.octets !== undefined || rotation.seconds !== undefined || rotation.packets !== undefined;
  }

  /** Throws `invalid` where no file can be written: better now than with the first packet. */
  check(): void {
    const path = `${this.#path}.part`;
    closeSync(openPart(path));
    rmSync(path, { force: true });
  }

  /** The file that grows, under the name that it has now. */
  get growing(): string | undefined {
    return this.#current === undefined ? undefined : `${this.#current.path}.part`;
  }

  add(view: DataView, offset: number, packet: Packet, link: CaptureInterface): void {
    const octets = 16 + packet.captured;
    if (this.#current !== undefined && this.#isFull(octets, packet.seconds)) this.#turn();
    const current = this.#current ?? this.open(link.linkType, packet.seconds);
    current.writer.write(
      packet.seconds,
      packet.nanos,
      new Uint8Array(view.buffer, view.byteOffset + offset, packet.captured),
      packet.original,
    );
    current.octets += octets;
  }

  /** Opens the first file, so that a capture without packets is a file, too. */
  open(linkType: number, seconds: number): Growing {
    // The file that begins counts, too.
    const { keep } = this.#rotation;
    while (this.#isRow && keep !== undefined && this.files.length >= keep) rmSync(this.files.shift() as string, { force: true });
    const path = this.#isRow ? numbered(this.#path, ++this.#serial) : this.#path;
    const fd = openPart(`${path}.part`);
    const writer = createCaptureWriter({ linkType, precision: 'micro' }, (block) => {
      for (let at = 0; at < block.length; ) at += writeSync(fd, block, at);
    });
    this.#current = { path, fd, writer, octets: 24, began: seconds };
    return this.#current;
  }

  /** Writes out what is gathered. */
  flush(): void {
    this.#current?.writer.end();
  }

  /** Ends the last file. */
  end(): void {
    if (this.#current !== undefined) this.#turn();
  }

  #isFull(more: number, seconds: number): boolean {
    const current = this.#current as Growing;
    const {
      octets = Number.POSITIVE_INFINITY,
      seconds: most = Number.POSITIVE_INFINITY,
      packets = Number.POSITIVE_INFINITY,
    } = this.#rotation;
    return current.octets + more > octets || seconds - current.began >= most || current.writer.packets >= packets;
  }

  #turn(): void {
    const { path, fd, writer } = this.#current as Growing;
    writer.end();
    closeSync(fd);
    renameSync(`${path}.part`, path);
    this.#current = undefined;
    this.files.push(path);
  }
}

const numbered = (path: string, serial: number): string => {
  const [, stem, ending] = /^(.*?)((?:\.[^./]*)?)$/s.exec(path) as unknown as [string, string, string];
  return `${stem}-${String(serial).padStart(5, '0')}${ending}`;
};

function openPart(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (cause) {
    throw new Problem('invalid', `${path} cannot be written.`, { detail: (cause as Error).message, cause });
  }
}
