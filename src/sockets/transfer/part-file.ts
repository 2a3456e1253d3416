/**
 * A file that is on its way: `NAME.part`, with `NAME.part.json` beside it that tells of what it is a part. It becomes NAME when all of it is
 * there and its checksum holds; before that nothing of this name is touched.
 */
import { constants } from 'node:fs';
import { type FileHandle, link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { createDigest, type Digest } from './digest.ts';
import type { Offer } from './message.ts';

/** What tells whether a part is of the file that is offered: the same size and time, or it begins anew. */
type Facts = Pick<Offer, 'size' | 'mtime' | 'digest'>;

export type PartOptions = {
  path: string;
  offer: Offer;
  overwrites: boolean;
  syncs: boolean;
  /** Takes memory back once it is written. */
  giveBack(memory: ArrayBufferLike): void;
};

const readBytes = 1024 * 1024;
/** Memory of what waits for the disk, at most. */
const mostWaiting = 16 * 1024 * 1024;
/** The most buffers that writev(2) takes are 1,024; far fewer make up a good write. */
const mostTogether = 64;

export class PartFile {
  readonly #options: PartOptions;
  readonly #file: FileHandle;
  #digest: Digest;
  #size: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #waitingMemory = 0;
  /** Set while something waits for the disk; for ever once the disk has refused something. */
  #writing: Promise<void> | undefined;
  readonly #failing = Promise.withResolvers<never>();
  /** Called when less waits again. */
  onRoom: () => void = () => {};

  private constructor(options: PartOptions, file: FileHandle, digest: Digest, size: number) {
    this.#options = options;
    this.#file = file;
    this.#digest = digest;
    this.#size = size;
    this.failed.catch(() => {}); // whoever adds bytes waits for it
  }

  /** Opens the part of a file: the one there is when it is of this very file, else an empty one. */
  static async open(options: PartOptions): Promise<PartFile> {
    const { path, offer } = options;
    const part = `${path}.part`;
    const facts = factsOf(offer);
    const isSame = (await readFacts(path)) === JSON.stringify(facts);
    const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const file = await open(part, O_RDWR | O_CREAT | O_NOFOLLOW | (isSame ? 0 : O_TRUNC), 0o600);
    try {
      const status = await file.stat();
      // A device, or a file with another name somewhere, would be written to.
      if (!status.isFile() || status.nlink !== 1) throw new Problem('denied', `${offer.name}.part is there, and is no file of ours.`);
      if (!isSame) await writeFacts(path, facts);
      const digest = await createDigest(offer.digest);
      const size = Math.min(status.size, offer.size);
      if (status.size > offer.size) await file.truncate(size);
      await sumUp(file, size, digest);
      return new PartFile(options, file, digest, size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Rejects with what the disk says as soon as it refuses something; never resolves. */
  get failed(): Promise<never> {
    return this.#failing.promise;
  }

  /** Bytes that are there or on their way to the disk. */
  get size(): number {
    return this.#size;
  }

  /** Checksum of the bytes up to here. */
  get sum(): string | null {
    return this.#digest.value();
  }

  /** True when the sender should wait. */
  get isFull(): boolean {
    return this.#waitingMemory >= mostWaiting;
  }

  /** Throws all away: the sender's file is another one than what was kept. */
  async restart(): Promise<void> {
    this.#digest = await createDigest(this.#options.offer.digest);
    await this.#file.truncate(0);
    this.#size = 0;
  }

  /** Takes the next bytes. The memory that they are in is given back when they, and all that was added in the same turn, are written. */
  add(bytes: Uint8Array): void {
    this.#digest.update(bytes);
    this.#size += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#waitingMemory += bytes.buffer.byteLength;
    this.#writing ??= this.#write();
  }

  /** Resolves when everything is written. Throws what the disk says. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Gives the file its name. Throws `conflict` when there is one by now. */
  async finish(): Promise<void> {
    const { path, offer, overwrites, syncs } = this.#options;
    await this.#file.chmod((offer.mode & 0o111) !== 0 ? 0o755 : 0o644);
    await this.#file.utimes(new Date(), offer.mtime / 1000);
    if (syncs) await this.#file.sync();
    await this.#file.close();
    const part = `${path}.part`;
    if (overwrites) await rename(part, path);
    else {
      // link(2) fails where the name is taken, at once and whoever else is at work; rename(2) would replace it.
      await link(part, path).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EEXIST' ? new Problem('conflict', `${offer.name} is there by now.`, { hint: '--overwrite' }) : error;
      });
      await rm(part);
    }
    await rm(`${path}.part.json`, { force: true });
    if (syncs) await syncFolder(dirname(path));
  }

  /** Leaves what came, for another time; without `keeps` it is thrown away, since it is known to be wrong. */
  async leave({ keeps }: { keeps: boolean }): Promise<void> {
    await this.flush().catch(() => {});
    await this.#file.close().catch(() => {});
    if (keeps) return;
    const { path } = this.#options;
    await Promise.all([rm(`${path}.part`, { force: true }), rm(`${path}.part.json`, { force: true })]);
  }

  async #write(): Promise<void> {
    let offset = this.#size - this.#waitingBytes;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, mostTogether);
        const length = batch.reduce((sum, bytes) => sum + bytes.length, 0);
        await writeAll(this.#file, batch, length, offset);
        offset += length;
        this.#waitingBytes -= length;
        for (const [at, { buffer }] of batch.entries()) {
          this.#waitingMemory -= buffer.byteLength;
          const next = batch[at + 1] ?? this.#waiting[0];
          if (buffer !== next?.buffer) this.#options.giveBack(buffer);
        }
        if (!this.isFull) this.onRoom();
      }
      this.#writing = undefined;
    } catch (error) {
      // Nothing goes behind a hole: it would be taken for what belongs there when the file is resumed.
      this.#writing = this.failed;
      this.#failing.reject(error);
    }
  }
}

async function writeAll(file: FileHandle, batch: Uint8Array[], length: number, offset: number): Promise<void> {
  const { bytesWritten } = await file.writev(batch, offset);
  if (bytesWritten === length) return;
  // A disk that is nearly full takes a part, and says why at the next write.
  const rest = Buffer.concat(batch).subarray(bytesWritten);
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at, rest.length - at, offset + bytesWritten + at)).bytesWritten;
}

async function sumUp(file: FileHandle, size: number, digest: Digest): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, size)));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) throw new Problem('conflict', 'The part of a file changed while it was read.');
    digest.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

const factsOf = ({ size, mtime, digest }: Offer): Facts => ({ size, mtime, digest });

async function readFacts(path: string): Promise<string | undefined> {
  const text = await readFile(`${path}.part.json`, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : JSON.stringify(factsOf(JSON.parse(text) as Offer));
  } catch {
    return undefined; // cut off by a crash: the part begins anew
  }
}

async function writeFacts(path: string, facts: Facts): Promise<void> {
  const file = `${path}.part.json`;
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify(facts)}\n`, { flag: 'wx', mode: 0o600 });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync().finally(() => handle.close());
}

/** Whether something has that name. */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
