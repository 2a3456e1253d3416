/**
 * A file that another program is still writing: its octets from the start, and then what comes. It is looked at, not watched: that works on
 * every file system, the network's too.
 *
 *   reading ──0 octets──> still the same file? ──yes──> nothing yet
 *      ^                        │no: cut, gone, replaced
 *      └── what was written before that ── then the reason is thrown
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Problem } from '../../core/problem.ts';

const pieceOctets = 524_288;
const nothing = new Uint8Array(0);

export class GrowingFile {
  /** Octets read so far. */
  position = 0;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #piece = Buffer.allocUnsafeSlow(pieceOctets);
  /** Why nothing more will come: thrown when what came before was read. */
  #ending: Problem | undefined;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<GrowingFile> {
    return new GrowingFile(path, await open(path));
  }

  /** The next octets, or none where there are none yet; valid until the next call. Throws `conflict` where this is not the file any more. */
  async next(): Promise<Uint8Array> {
    const { bytesRead } = await this.#file.read(this.#piece, 0, pieceOctets, this.position);
    this.position += bytesRead;
    if (bytesRead > 0) return this.#piece.subarray(0, bytesRead);
    if (this.#ending !== undefined) throw this.#ending;
    this.#ending = await this.#look();
    return this.#ending === undefined ? nothing : this.next();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #look(): Promise<Problem | undefined> {
    const mine = await this.#file.stat();
    if (mine.size < this.position)
      return this.#changed('became shorter', `${this.position} bytes of it were read, and it has ${mine.size} now`);
    const there = await stat(this.#path).catch(() => undefined);
    if (there === undefined) return this.#changed('is gone', 'it was removed or has another name now');
    if (there.ino !== mine.ino || there.dev !== mine.dev) return this.#changed('is another file now', 'it was replaced');
    return undefined;
  }

  #changed(what: string, detail: string): Problem {
    return new Problem('conflict', `${this.#path} ${what} while it was followed`, {
      detail: `${detail}; the flows of what was read are kept`,
      facts: { offset: this.position },
    });
  }
}
