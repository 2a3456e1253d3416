/** Sends files over one connection, one after the other. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Problem } from '../../core/problem.ts';
import type { Channel } from './channel.ts';
import { createDigest, type Digest, type DigestName } from './digest.ts';
import { chunkBytes, greet } from './greeting.ts';
import { encodeDataHead, type Offer, type Rejection, type Result } from './message.ts';
import type { Pace } from './pace.ts';

/** A file to send, and the name it is to have. */
export type Source = { path: string; name: string };

export type SendOptions = {
  token: string | undefined;
  digest: DigestName;
  /** Holds the sender to a rate. */
  pace: Pace;
  onProgress(name: string, bytes: number, size: number): void;
  onFile(file: SentFile): void;
};

/** What became of a file. */
export type SentFile = { name: string; size: number; outcome: Result | Rejection; sum: string | null; resumedAt: number; text?: string };

const prefixBytes = 1024 * 1024;
/** Buffers that are read ahead or on their way out. */
const buffers = 4;

/** Greets, and offers one file after the other. A file that is rejected, or arrives wrong, does not end it; throws what does. */
export async function sendFiles(channel: Channel, sources: readonly Source[], options: SendOptions): Promise<void> {
  const theirs = await greet(channel, 'sender', options);
  if (!theirs.digests.includes(options.digest))
    throw new Problem('unprocessable', `The receiver knows no ${options.digest}.`, {
      detail: `it knows ${theirs.digests.join(', ')}`,
      pointer: '--digest',
    });
  const most = Math.max(4096, Math.min(chunkBytes, theirs.chunk, options.pace.chunk));
  for (const source of sources) await sendFile(channel, source, { ...options, most });
  channel.end();
  while ((await channel.next()) !== undefined);
}

type FileOptions = SendOptions & { most: number };

async function sendFile(channel: Channel, { path, name }: Source, options: FileOptions): Promise<void> {
  // A link could lead to what was not meant to be sent; a pipe or device has no size and no end.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new Problem('unprocessable', `${path} is no plain file.`);
    const id = randomBytes(16).toString('hex');
    const mode = (status.mode & 0o111) !== 0 ? 0o755 : 0o644;
    const offer: Offer = { id, name, size: status.size, mtime: Math.trunc(status.mtimeMs), mode, digest: options.digest };
    channel.send('OFFER', offer);
    const answer = await channel.expect('ACCEPT', 'REJECT');
    if (answer.type === 'REJECT') {
      const { code, text } = answer.body;
      return options.onFile({ name, size: offer.size, outcome: code, sum: null, resumedAt: 0, text });
    }
    const begun = await beginAt(channel, file, offer, answer.body);
    await sendBytes(channel, file, { ...begun, offer, options });
    await checkUnchanged(channel, file, { path, offer });
    const sum = begun.digest.value();
    channel.send('END', { id, size: offer.size, sum });
    const { body } = await channel.expect('DONE');
    options.onFile({ name, size: offer.size, outcome: body.result, sum, resumedAt: begun.offset });
  } finally {
    await file.close();
  }
}

type Begun = { offset: number; digest: Digest };

/** Where to begin: behind what the receiver has when that is the beginning of our file, else at 0, which it is told. */
async function beginAt(
  channel: Channel,
  file: FileHandle,
  offer: Offer,
  { offset, prefix }: { offset: number; prefix: string | null },
): Promise<Begun> {
  if (offset > offer.size) throw new Problem('invalid', 'The receiver says that it has more than there is.');
  const digest = await createDigest(offer.digest);
  if (offset === 0) return { offset, digest };
  const buffer = Buffer.allocUnsafe(prefixBytes);
  for (let at = 0; at < offset; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, offset - at), at);
    if (bytesRead === 0) break;
    digest.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  if (digest.value() === prefix) return { offset, digest };
  channel.send('OFFER', offer);
  await channel.expect('ACCEPT');
  return { offset: 0, digest: await createDigest(offer.digest) };
}

/** Reads ahead while it writes: the next piece is on its way from the disk when the one before goes out. */
async function sendBytes(
  channel: Channel,
  file: FileHandle,
  { offset, digest, offer, options }: Begun & { offer: Offer; options: FileOptions },
): Promise<void> {
  const { size, name } = offer;
  const id = Buffer.from(offer.id, 'hex');
  const free = Array.from({ length: buffers }, () => Buffer.allocUnsafeSlow(options.most));
  let freed = Promise.withResolvers<void>();
  const read = async (at: number) => {
    while (free.length === 0) {
      if (channel.isOver) await channel.next();
      await freed.promise;
      freed = Promise.withResolvers();
    }
    const buffer = free.pop() as Buffer<ArrayBuffer>;
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), at);
    return { buffer, bytesRead };
  };
  let next = offset < size ? read(offset) : undefined;
  for (let at = offset; at < size && next !== undefined; ) {
    const { buffer, bytesRead } = await next;
    if (bytesRead === 0) throw await giveUp(channel, offer, 'the file became shorter while it was sent');
    const end = at + bytesRead;
    const bytes = bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    next = end < size ? read(end) : undefined;
    next?.catch(() => {}); // told when it is waited for
    await options.pace.wait(bytesRead);
    const hasRoom = channel.sendData(encodeDataHead(id, at, bytesRead), bytes, () => {
      free.push(buffer);
      freed.resolve();
    });
    digest.update(bytes);
    at = end;
    options.onProgress(name, at, size);
    if (channel.isOver) await channel.expect('DONE');
    if (!hasRoom) await channel.drained();
  }
}

async function checkUnchanged(channel: Channel, file: FileHandle, { path, offer }: { path: string; offer: Offer }): Promise<void> {
  const { size, mtimeMs } = await file.stat();
  if (size === offer.size && Math.trunc(mtimeMs) === offer.mtime) return;
  throw await giveUp(channel, offer, `${path} changed while it was sent`);
}

async function giveUp(channel: Channel, { id }: Offer, reason: string): Promise<Problem> {
  channel.send('CANCEL', { id, reason });
  await channel.drained();
  return new Problem('conflict', 'The file changed while it was sent.', { detail: reason, hint: 'send it again' });
}
