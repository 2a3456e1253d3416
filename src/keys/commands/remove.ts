import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { Operation } from '../tree/operation.ts';
import { readIndex } from './options.ts';
import { withKeys } from './port.ts';
import { printWritten, showText } from './print.ts';
import { keyPath } from './server-keys.ts';

type RemoveOptions = { dir?: boolean; recursive?: boolean; withValue?: string; withIndex?: bigint };

/** Adds `weir keys rm` and `rmdir`. */
export function addRemove(keys: Command): void {
  const rm = keys
    .command('rm')
    .description('remove a key, or a directory')
    .argument('<key>', 'what is to go')
    .option('--dir', 'an empty directory too')
    .option('-r, --recursive', 'a directory with all that is in it')
    .option('--with-value <value>', 'only when the value is still this one')
    .option('--with-index <index>', 'only when the key was last modified at this index', readIndex)
    .action((key: string, options: RemoveOptions) => remove(rm, key, options));
  withExamples(rm, 'weir keys rm /config/mtu', 'weir keys rm --recursive /config', 'weir keys rm --with-index 42 /locks/import');
  const rmdir = keys
    .command('rmdir')
    .description('remove a key or an empty directory')
    .argument('<key>', 'what is to go')
    .action((key: string) => remove(rmdir, key, { dir: true }));
  withExamples(rmdir, 'weir keys rmdir /config');
}

async function remove(command: Command, key: string, { dir, recursive, withValue, withIndex }: RemoveOptions): Promise<void> {
  const output = openOutput(command);
  const expected = { ...(withValue && { prevValue: Buffer.from(withValue) }), ...(withIndex && { prevIndex: withIndex }) };
  const operation: Operation =
    Object.keys(expected).length > 0
      ? { action: 'compare-and-delete', path: keyPath(key), ...expected }
      : { action: 'delete', path: keyPath(key), ...(dir && { isDir: true }), ...(recursive && { isDir: true, isRecursive: true }) };
  const written = await withKeys(command, (keys) => keys.write(operation));
  const { prev } = written;
  printWritten(output, written, () => {
    if (prev !== undefined && !prev.isDir) output.line(`PrevNode.Value: ${showText(prev.value)}`);
  });
}
