/** Takes the files of one connection, one after the other. */
import { Problem } from '../../core/problem.ts';
import type { Channel } from './channel.ts';
import { digestNames } from './digest.ts';
import type { Folder } from './folder.ts';
import { greet } from './greeting.ts';
import type { End, Offer, Rejection, Result } from './message.ts';
import { nameFault } from './name.ts';
import { isThere, PartFile } from './part-file.ts';

export type ReceiveOptions = {
  folder: Folder;
  token: string | undefined;
  /** Bytes of a file at most. */
  maxSize: number;
  overwrites: boolean;
  allowsHidden: boolean;
  /** Waits until a file is on the disk before it says that it is. */
  syncs: boolean;
  /** Names that are being received by any connection: a second one has to wait. */
  busy: Set<string>;
  onProgress(name: string, bytes: number, size: number): void;
  onFile(file: ReceivedFile): void;
};

/** What became of an offer. */
export type ReceivedFile = {
  name: string;
  size: number;
  outcome: Result | Rejection;
  sum: string | null;
  resumedAt: number;
  text?: string;
};

/** Greets, and takes what is offered until the sender ends. Throws what ends it otherwise; files that are whole stay. */
export async function receiveFiles(channel: Channel, options: ReceiveOptions): Promise<void> {
  await greet(channel, 'receiver', { token: options.token, free: await options.folder.free() });
  for (;;) {
    const message = await channel.next();
    if (message === undefined) return channel.end();
    if (message.type !== 'OFFER') throw new Problem('invalid', `The sender sent ${message.type} where an OFFER belongs.`);
    await receiveFile(channel, message.body, options);
  }
}

async function receiveFile(channel: Channel, offer: Offer, options: ReceiveOptions): Promise<void> {
  const { id, name, size } = offer;
  const reject = (code: Rejection, text: string) => {
    channel.send('REJECT', { id, code, text });
    // The name of a hostile header is not repeated to a terminal.
    options.onFile({ name: code === 'bad_name' ? '(refused name)' : name, size, outcome: code, sum: null, resumedAt: 0, text });
  };
  const fault = nameFault(name, options);
  if (fault !== undefined) return reject('bad_name', fault);
  if (options.busy.has(name)) return reject('denied', 'it is being received already');
  options.busy.add(name);
  try {
    const refusal = await judge(offer, options);
    if (refusal !== undefined) return reject(...refusal);
    await takeFile(channel, offer, options, reject);
  } finally {
    options.busy.delete(name);
  }
}

async function judge(
  { name, size, digest }: Offer,
  { folder, maxSize, overwrites }: ReceiveOptions,
): Promise<[Rejection, string] | undefined> {
  if (size > maxSize) return ['too_large', `files have ${maxSize} bytes at most here`];
  if (!digestNames.some((known) => known === digest))
    return ['denied', `no checksum of that name is known here; ${digestNames.join(', ')} are`];
  try {
    if (!overwrites && (await isThere(await folder.place(name)))) return ['exists', 'there is a file of that name'];
  } catch (error) {
    return ['denied', wordsOf(error)];
  }
  const free = await folder.free();
  return size > free ? ['no_space', `${free} bytes are free`] : undefined;
}

/** What the sender is told: our words, or those for the code of the system; never a path of this machine. */
function wordsOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  const { code = 'a fault' } = error as NodeJS.ErrnoException;
  return `it cannot be written here (${diskWords[code] ?? code})`;
}

const diskWords: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'no file may be so large',
  EROFS: 'the disk is only read',
};

async function takeFile(
  channel: Channel,
  offer: Offer,
  options: ReceiveOptions,
  reject: (code: Rejection, text: string) => void,
): Promise<void> {
  const { id, name, size } = offer;
  let part: PartFile;
  try {
    part = await PartFile.open({
      path: await options.folder.place(name),
      offer,
      overwrites: options.overwrites,
      syncs: options.syncs,
      giveBack: (memory) => channel.giveBack(memory),
    });
  } catch (error) {
    return reject('denied', wordsOf(error));
  }
  let resumedAt = part.size;
  try {
    channel.takeData({
      begin: (of, offset, length) => {
        if (of !== id) throw new Problem('invalid', 'The sender sent bytes of another file.');
        if (offset !== part.size || offset + length > size)
          throw new Problem('invalid', 'The sender sent bytes for another place.', { facts: { offset, expected: part.size } });
      },
      bytes: (bytes) => {
        part.add(bytes);
        options.onProgress(name, part.size, size);
        if (part.isFull) channel.holdBack();
      },
    });
    part.onRoom = () => channel.goOn();
    channel.send('ACCEPT', { id, offset: resumedAt, prefix: resumedAt === 0 ? null : part.sum });
    const ended = untilEnd(channel, async () => {
      resumedAt = 0;
      await part.restart();
      channel.send('ACCEPT', { id, offset: 0, prefix: null });
    });
    const end = await Promise.race([ended, part.failed]);
    await part.flush();
    await settle(channel, { offer, end, part, resumedAt }, options);
  } catch (error) {
    // What came is good for another time: it is judged by its checksum when the same file is offered again.
    await part.leave({ keeps: true });
    if (error instanceof Problem) throw error;
    throw new Problem('unavailable', `${name} is not taken: ${wordsOf(error)}.`, { detail: (error as Error).message, cause: error });
  }
}

/** Waits for END. A second OFFER of the same file says that what we have is of another, and that it begins anew. */
async function untilEnd(channel: Channel, restart: () => Promise<void>): Promise<End> {
  const message = await channel.expect('END', 'OFFER');
  if (message.type === 'END') return message.body;
  await restart();
  return (await channel.expect('END')).body;
}

type Taken = { offer: Offer; end: End; part: PartFile; resumedAt: number };

async function settle(channel: Channel, { offer, end, part, resumedAt }: Taken, { onFile }: ReceiveOptions): Promise<void> {
  const { id, name, size } = offer;
  const { sum } = part;
  const result: Result = part.size !== size || end.size !== size ? 'size_mismatch' : end.sum === sum ? 'ok' : 'checksum_mismatch';
  if (result === 'ok') await part.finish();
  else await part.leave({ keeps: false });
  channel.send('DONE', { id, result });
  onFile({ name, size, outcome: result, sum, resumedAt });
}
