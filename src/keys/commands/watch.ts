import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { isRemoval } from '../tree/change.ts';
import type { KeysPort, Written } from './access.ts';
import { describeNode, describeWritten } from './document.ts';
import { readIndex } from './options.ts';
import { withKeys } from './port.ts';
import { printValue, showPath, showText } from './print.ts';
import { keyPath } from './server-keys.ts';

type WatchOptions = { forever?: boolean; afterIndex?: bigint; recursive?: boolean };

/** Adds `weir keys watch` and `exec-watch`. */
export function addWatch(keys: Command): void {
  const watch = keys.command('watch').description('wait for the next change of a key and print it').argument('<key>', 'the key');
  watch
    .option('-f, --forever', 'go on until Ctrl-C')
    .option('--after-index <index>', 'begin behind this index, with what has happened since', readIndex)
    .option('-r, --recursive', 'what lies below the key too')
    .action((key: string, options: WatchOptions) => follow(watch, key, options));
  withExamples(
    watch,
    'weir keys watch /config/mtu',
    'weir keys watch --forever --recursive /config',
    'weir keys watch -f -r --json / | jq -r .node.path',
  );
  const exec = keys.command('exec-watch').description('run a program at each change of a key').argument('<key>', 'the key');
  exec
    .argument('<program>', 'what to run; ETCD_WATCH_ACTION, _KEY, _VALUE and _MODIFIED_INDEX tell it of the change')
    .argument('[words...]', 'words for the program, behind --')
    .option('--after-index <index>', 'begin behind this index, with what has happened since', readIndex)
    .option('-r, --recursive', 'what lies below the key too')
    .action((key: string, program: string, words: string[], options: WatchOptions) => runAtEach(exec, key, [program, ...words], options));
  withExamples(
    exec,
    'weir keys exec-watch -r /config -- systemctl reload office',
    "weir keys exec-watch /mtu -- sh -c 'echo $ETCD_WATCH_VALUE'",
  );
}

async function follow(command: Command, key: string, options: WatchOptions): Promise<void> {
  const output = openOutput(command);
  await withKeys(command, async (keys) => {
    for await (const event of eventsOf(keys, key, options, output)) {
      print(event, output, options.recursive === true);
      if (!options.forever) return;
    }
  });
}

function eventsOf(keys: KeysPort, key: string, { afterIndex, recursive = false }: WatchOptions, output: Output): AsyncIterable<Written> {
  return keys.watch(keyPath(key), {
    isRecursive: recursive,
    // As in etcdctl 0 is no index.
    ...(afterIndex && { from: Number(afterIndex) + 1 }),
    onTrouble: (reason) => output.note(`weir: ${reason}; trying again`),
  });
}

function print(event: Written, output: Output, isRecursive: boolean): void {
  if (output.form === 'json') return void process.stdout.write(`${JSON.stringify(describeWritten(event))}\n`);
  if (output.form === 'csv') return void output.record({ action: event.action, index: event.index, ...describeNode(event.node) });
  if (isRecursive) output.line(`[${wireWord(event.action)}] ${showPath(event.node, true)}`);
  if (event.node.isDir) return;
  if (event.prev !== undefined && (event.action === 'delete' || event.action === 'compare-and-delete'))
    output.line(`PrevNode.Value: ${showText(event.prev.value)}`);
  else if (isRemoval(event)) output.line('');
  else printValue(event.node.value);
}

/** `compare-and-swap` as watchers of etcd know it: `compareAndSwap`. */
const wireWord = (action: string): string => action.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function runAtEach(command: Command, key: string, [program = '', ...words]: string[], options: WatchOptions): Promise<void> {
  const output = openOutput(command);
  await withKeys(command, async (keys) => {
    for await (const event of eventsOf(keys, key, options, output)) await run(program, words, event);
  });
}

/** Runs the program to its end; what it exits with is its own affair, but it must be there. */
async function run(program: string, words: readonly string[], { action, index, node }: Written): Promise<void> {
  const facts = {
    ETCD_WATCH_ACTION: wireWord(action),
    ETCD_WATCH_MODIFIED_INDEX: String(index),
    ETCD_WATCH_KEY: Buffer.from(node.path, 'latin1').toString('utf8'),
    // An environment holds no NUL.
    ETCD_WATCH_VALUE: Buffer.from(node.value).toString('utf8').replaceAll('\0', '\ufffd'),
  };
  const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...facts } });
  await once(child, 'close').catch((cause: Error) => {
    throw new Problem('invalid', `${program} cannot be run`, { detail: cause.message, cause });
  });
}
