/** The terminal of a run: a Unix socket that `local/terminal.pl` serves, which is told by its first line what a connection is for. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { Problem } from '../core/problem.ts';
import type { Window } from './job.ts';

/** What the program says from now on, after the last of what it said; ends with the terminal. Throws `conflict` where there is none. */
export async function watchTerminal(path: string, signal: AbortSignal): Promise<Socket> {
  const socket = await connect(path, signal);
  socket.write('watch\n');
  return socket;
}

/** Types at a terminal; resolves once all is on its way. Throws `conflict` where there is none. */
export const typeAt = (path: string, keys: Uint8Array): Promise<void> => tell(path, Buffer.concat([Buffer.from('type\n'), keys]));

/** Says how large the window is now. Throws `conflict` where there is no terminal. */
export const resizeTerminal = (path: string, { rows, columns }: Window): Promise<void> => tell(path, `size ${rows} ${columns}\n`);

async function tell(path: string, words: Uint8Array | string): Promise<void> {
  const socket = await connect(path);
  // The other side closes when it has taken all of it: keys that come by the next connection come after these.
  socket.end(words).resume();
  try {
    await once(socket, 'close');
  } catch (cause) {
    throw noTerminal(cause);
  }
}

async function connect(path: string, signal?: AbortSignal): Promise<Socket> {
  const socket = createConnection({ path, ...(signal !== undefined && { signal }) });
  try {
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    throw noTerminal(cause);
  }
}

const noTerminal = (cause: unknown): Problem =>
  new Problem('conflict', 'There is no terminal now.', {
    detail: 'the run has ended, or is about to begin',
    hint: 'GET the job: while it runs, try again',
    cause,
  });
