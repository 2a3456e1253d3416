/** Any bytes as a stream of messages, cut anywhere: the same messages, or a Problem; and any text as a name leads nowhere else. */
import { join, sep } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { encodeDataHead, encodeMessage } from './message.ts';
import { MessageReader } from './message-reader.ts';
import { nameFault } from './name.ts';

const id = 'ab'.repeat(16);
const stream = Buffer.concat([
  encodeMessage('HELLO', { version: 1, nonce: id, chunk: 65536, digests: ['sha256'], hasToken: false }),
  encodeMessage('OFFER', { id, name: 'folder/file.txt', size: 5, mtime: 0, mode: 420, digest: 'sha256' }),
  encodeDataHead(Buffer.from(id, 'hex'), 0, 5),
  Buffer.from('bytes'),
  encodeMessage('PING', null),
  encodeMessage('END', { id, size: 5, sum: 'cd'.repeat(32) }),
]);
const names = ['../etc/passwd', 'a/./b', '/root', 'a\\b', 'C:', 'x\0y', '-rf', '.ssh/authorized_keys', 'file.part', 'ä/ö', '\ud800'];

export const transferSeeds: readonly Uint8Array[] = [stream, ...names.map((name) => Buffer.from(name))].map((bytes) =>
  Uint8Array.from(bytes),
);

/** Throws when something else than a Problem comes, messages depend on how bytes are cut, or a name leads out of its folder. */
export function fuzzTransfer(bytes: Uint8Array): void {
  const step = 1 + ((bytes[0] ?? 0) % 31);
  const cut = Array.from({ length: Math.ceil(bytes.length / step) }, (_none, at) => bytes.slice(at * step, (at + 1) * step));
  if (messagesOf([bytes]) !== messagesOf(cut)) throw new Error('cutting changes the messages');
  const name = Buffer.from(bytes.subarray(0, 4096)).toString('utf8');
  const folder = `${sep}folder`;
  if (nameFault(name, { allowsHidden: true }) === undefined && !join(folder, name).startsWith(folder + sep))
    throw new Error(`${name} leads out`);
}

/** What is read of chunks, as text: messages, the bytes of files, and the fault that ended it. */
export function messagesOf(chunks: readonly Uint8Array[]): string {
  const seen: string[] = [];
  let data = '';
  const reader = new MessageReader({
    onMessage: (message) => void seen.push(JSON.stringify(message)),
    onData: (of, offset, length) => void seen.push(`data ${of} ${offset} ${length}`),
    onBytes: (bytes) => {
      data += Buffer.from(bytes).toString('latin1');
    },
  });
  try {
    for (const chunk of chunks) reader.push(chunk);
    seen.push(reader.isBetween ? 'between' : 'within');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    seen.push(error.message);
  }
  return `${seen.join('\n')}\n${data}`;
}
