import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Problem } from '../../core/problem.ts';
import type { Framing } from '../framing/framing.ts';
import type { Destination } from '../outlet.ts';
import type { To } from '../to.ts';
import { FlowsDestination } from './flows.ts';
import type { House } from './house.ts';
import { recordsDestination, ticketsDestination } from './rooms.ts';
import { type TextForm, textWriter } from './text.ts';

export type DestinationOptions = {
  name: string;
  framing: Framing;
  isDatagrams: boolean;
  house: House;
  /** How frames are written to a file or to standard output. */
  form: TextForm;
};

/** Opens where frames go. */
export async function openDestination(to: To, options: DestinationOptions): Promise<Destination> {
  const { name, framing, isDatagrams, house, form } = options;
  switch (to.kind) {
    case 'discard':
      return { lingerMs: 0, deliver: async () => ({ refused: 0 }), close: async () => {} };
    case 'stdout':
      return textWriter({ framing, isDatagrams, form, write: (bytes) => writeOut(bytes), close: async () => {} });
    case 'file':
      return await openFile(to.path, options);
    case 'records':
      return recordsDestination(house, to.collection);
    case 'tickets':
      return ticketsDestination(house, name);
    case 'flows':
      return new FlowsDestination(house, to.name);
  }
}

async function openFile(path: string, { framing, isDatagrams, form }: DestinationOptions): Promise<Destination> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  // Not through a link that somebody has put there; for its owner alone, since nobody knows what will come.
  const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600).catch((cause: unknown) => {
    throw new Problem('denied', `${path} cannot be written.`, { detail: (cause as Error).message, pointer: 'to', cause });
  });
  return textWriter({ framing, isDatagrams, form, write: (bytes) => writeAll(file, bytes), close: () => file.close() });
}

async function writeAll(file: { write(bytes: Uint8Array): Promise<{ bytesWritten: number }> }, bytes: Uint8Array): Promise<void> {
  let left = bytes;
  while (left.length > 0) left = left.subarray((await file.write(left)).bytesWritten);
}

const writeOut = (bytes: Uint8Array): Promise<void> => new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
