import { Socket } from 'node:net';
import type { ReadBlocks } from './read-blocks.ts';

/**
 * The connection of a socket that was just accepted and has read nothing (`pauseOnConnect`), read into blocks of a megabyte.
 *
 * libuv reads 64 KiB at a time, each into new memory and in a turn of its own, which is half of what it costs to receive a file. `net` can be given
 * memory to read into (`onread`), but on sockets alone that a program makes itself. So the connection of the accepted one moves to a new
 * one, for which Node has no public way: where `_handle` is not what it was, the socket stays as it is.
 */
export function withLargeReads(accepted: Socket, blocks: ReadBlocks): Socket {
  const { _handle: handle } = accepted as unknown as { _handle: { useUserBuffer?: unknown } | null };
  if (typeof handle?.useUserBuffer !== 'function') return accepted;
  const onread = {
    buffer: () => blocks.take(),
    callback: (length: number, block: Uint8Array) => socket.emit('data', block.subarray(0, length)),
  };
  Object.assign(accepted, { _handle: null });
  const socket = new Socket({ handle, onread, allowHalfOpen: true } as object);
  // The server counts its connections by the sockets that it made.
  socket.once('close', () => accepted.destroy());
  return socket;
}
