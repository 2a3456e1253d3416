import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { Operation } from '../tree/operation.ts';
import { addTtl, type TtlOptions, ttlOf } from './options.ts';
import { withKeys } from './port.ts';
import { printWritten } from './print.ts';
import { keyPath } from './server-keys.ts';

/** Adds `weir keys mkdir`, `setdir` and `updatedir`. */
export function addDirectories(keys: Command): void {
  const mkdir = addDirectory(keys, 'mkdir', { about: 'make a directory that is not there yet', action: 'create' });
  withExamples(mkdir, 'weir keys mkdir /config', 'weir keys mkdir --ttl 1h /scratch');
  const setdir = addDirectory(keys, 'setdir', { about: 'make a directory, in the place of a key if there is one', action: 'set' });
  withExamples(setdir, 'weir keys setdir /config');
  const updatedir = addDirectory(keys, 'updatedir', { about: 'give a directory a new time to live', action: 'update' });
  withExamples(updatedir, 'weir keys updatedir --ttl 2h /scratch', 'weir keys updatedir /scratch');
}

function addDirectory(keys: Command, name: string, { about, action }: { about: string; action: Operation['action'] }): Command {
  const command = addTtl(keys.command(name).description(about)).argument('<key>', 'the directory');
  return command.action(async (key: string, options: TtlOptions) => {
    const output = openOutput(command);
    const written = await withKeys(command, (port) => port.write({ action, path: keyPath(key), isDir: true, ...ttlOf(options) }));
    printWritten(output, written, () => {});
  });
}
