import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import type { Operation } from '../tree/operation.ts';
import { addTtl, readIndex, type TtlOptions, ttlOf } from './options.ts';
import { withKeys } from './port.ts';
import { printValue, printWritten, showPath } from './print.ts';
import { keyPath } from './server-keys.ts';
import { readValue } from './value.ts';

const valueMeaning = 'the value; - is standard input, and so is none';

type SetOptions = TtlOptions & { swapWithValue?: string; swapWithIndex?: bigint };

/** Adds `weir keys set`. */
export function addSet(keys: Command): void {
  const command = addTtl(keys.command('set').description('set the value of a key, whether it is there or not'))
    .argument('<key>', 'the key, such as /config/mtu')
    .argument('[value]', valueMeaning)
    .option('--swap-with-value <value>', 'only when the value is still this one')
    .option('--swap-with-index <index>', 'only when the key was last modified at this index', readIndex)
    .action(set);
  withExamples(
    command,
    'weir keys set /config/mtu 1500',
    'weir keys set --ttl 30 /locks/import "$HOSTNAME"',
    'weir keys set --swap-with-value 1500 /config/mtu 9000',
    'weir keys set /logo.png - < logo.png',
    'weir keys set /offset -- -5',
  );
}

async function set(key: string, word: string | undefined, options: SetOptions, command: Command): Promise<void> {
  const { swapWithValue, swapWithIndex } = options;
  // As in etcdctl, an empty value and the index 0 compare with nothing.
  const expected = {
    ...(swapWithValue && { prevValue: Buffer.from(swapWithValue) }),
    ...(swapWithIndex && { prevIndex: swapWithIndex }),
  };
  const action = Object.keys(expected).length > 0 ? 'compare-and-swap' : 'set';
  await writeValue(command, word, (value) => ({ action, path: keyPath(key), value, ...expected, ...ttlOf(options) }));
}

/** Adds `weir keys create`, which etcdctl calls `mk`. */
export function addCreate(keys: Command): void {
  const command = addTtl(keys.command('create').alias('mk').description('make a key that is not there yet'))
    .argument('<key>', 'the key; with --in-order the directory of the new one')
    .argument('[value]', valueMeaning)
    .option('--in-order', 'make a key below it that is named by its index, and print its name')
    .action(create);
  withExamples(command, 'weir keys create /config/mtu 1500', 'weir keys mk --in-order /queue "first come"');
}

async function create(key: string, word: string | undefined, options: TtlOptions & { inOrder?: boolean }, command: Command): Promise<void> {
  const action = options.inOrder ? 'create-in-order' : 'create';
  await writeValue(command, word, (value) => ({ action, path: keyPath(key), value, ...ttlOf(options) }));
}

/** Adds `weir keys update`. */
export function addUpdate(keys: Command): void {
  const command = addTtl(keys.command('update').description('change the value of a key that is there; without --ttl it stays for ever'))
    .argument('<key>', 'the key')
    .argument('[value]', valueMeaning)
    .action(async (key: string, word: string | undefined, options: TtlOptions) => {
      await writeValue(command, word, (value) => ({ action: 'update', path: keyPath(key), value, ...ttlOf(options) }));
    });
  withExamples(command, 'weir keys update /config/mtu 9000');
}

async function writeValue(command: Command, word: string | undefined, operationOf: (value: Uint8Array) => Operation): Promise<void> {
  const output = openOutput(command);
  const operation = operationOf(await readValue(word));
  const written = await withKeys(command, (keys) => keys.write(operation));
  printWritten(output, written, () => {
    if (operation.action === 'create-in-order') output.line(showPath(written.node));
    else printValue(operation.value ?? written.node.value);
  });
}
