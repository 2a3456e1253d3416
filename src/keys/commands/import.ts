import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatCount, formatDuration } from '../../cli/format.ts';
import { onInterrupt } from '../../cli/interrupt.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { Problem } from '../../core/problem.ts';
import { KeyFault } from '../tree/fault.ts';
import { isBelow, type Path, textOf } from '../tree/path.ts';
import type { KeysPort } from './access.ts';
import { Copy, type CopyOptions } from './copy.ts';
import { readNodeDocument } from './document.ts';
import { exportVersion, noteHidden } from './export.ts';
import { followChanges } from './follow.ts';
import { NodeReader, readNodes } from './node-stream.ts';
import { openServerKeys, withKeys } from './port.ts';
import { showText } from './print.ts';
import { problemOf } from './problem.ts';
import { keyPath } from './server-keys.ts';

type ImportOptions = {
  fromEtcd?: string;
  path?: Path[];
  prefix: string;
  replace?: boolean;
  dryRun?: boolean;
  follow?: boolean;
};

/** Adds `weir keys import`. */
export function addImport(keys: Command): void {
  const command = keys
    .command('import')
    .description('copy keys from an export, or from a server that speaks etcd v2')
    .argument('[file]', 'a document of weir keys export; - is standard input')
    .option('--from-etcd <url>', 'copy from this server (USER:PASSWORD@ before the host where it wants one)')
    .option('--path <key>', 'only this key and what lies below; may be repeated, and is the way to hidden keys', addPath)
    .option('--prefix <key>', 'put all keys below this one', '/')
    .option('--replace', 'replace keys that are there with another value (else they are refused, and the exit code is 6)')
    .option('--dry-run', 'write nothing, only tell what would come of each key')
    .option('--follow', 'with --from-etcd: then repeat its changes until Ctrl-C')
    .action(importKeys);
  withExamples(
    command,
    'weir keys import keys.json',
    'weir keys import --dry-run --prefix /old keys.json',
    'weir keys import --from-etcd http://etcd.example:2379',
    'weir keys import --from-etcd http://127.0.0.1:2379 --path / --path /_secret --follow',
  );
}

const addPath = (text: string, paths: Path[] = []): Path[] => [...paths, keyPath(text)];

async function importKeys(file: string | undefined, options: ImportOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  if ((file === undefined) === (options.fromEtcd === undefined))
    throw new Problem('invalid', 'import takes a file or --from-etcd URL, one of both', { hint: 'weir keys import --help' });
  if (options.follow && (options.fromEtcd === undefined || options.dryRun))
    throw new Problem('invalid', '--follow goes with --from-etcd, and not with --dry-run');
  await withKeys(command, async (target) => {
    const wish = { prefix: keyPath(options.prefix), replace: options.replace === true, dryRun: options.dryRun === true };
    const copying: Copying = { copy: await Copy.begin(target, wish), target, wish, paths: options.path ?? ['/'], output };
    if (file !== undefined) await importFile(file, copying);
    else await importServer(options.fromEtcd as string, copying, options.follow === true);
  });
}

type Copying = { copy: Copy; target: KeysPort; wish: CopyOptions; paths: readonly Path[]; output: Output };

async function importFile(file: string, copying: Copying): Promise<void> {
  const { copy, output, paths } = copying;
  const name = file === '-' ? 'standard input' : file;
  const total = file === '-' ? null : await sizeOf(file);
  const bar = new ProgressBar({ label: name, quiet: output.quiet });
  let bytes = 0;
  const reader = new NodeReader();
  async function* blocks(): AsyncGenerator<Uint8Array> {
    for await (const block of file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 })) {
      bytes += (block as Uint8Array).byteLength;
      yield block as Uint8Array;
    }
  }
  let isChecked = false;
  try {
    for await (const document of readNodes(blocks(), reader)) {
      if (!isChecked) checkHead(reader.head, name);
      isChecked = true;
      const node = readNodeDocument(document);
      if (!paths.some((path) => node.path === path || isBelow(node.path, path))) continue;
      await copy.take(node);
      bar.update({ bytes, total, remark: `${formatCount(copy.total)} keys` });
    }
    await copy.end();
    checkHead(reader.head, name);
  } finally {
    bar.end();
  }
  await raiseIndex(copying);
  finish(copying, { name, index: Number(reader.head?.index ?? 0), seconds: bar.seconds });
}

const sizeOf = async (file: string): Promise<number | null> => {
  const facts = await stat(file).catch(() => undefined);
  if (facts === undefined) throw new Problem('not-found', `there is no file ${file}`);
  return facts.isFile() ? facts.size : null;
};

function checkHead(head: Record<string, unknown> | undefined, name: string): void {
  const version = head?.version;
  if (!Array.isArray(head?.nodes) || typeof version !== 'number')
    throw new Problem('unprocessable', `${name} is no export of keys`, { hint: 'weir keys export FILE makes one' });
  if (version > exportVersion)
    throw new Problem('unprocessable', `${name} is of version ${version}, and this Weir reads up to ${exportVersion}`);
}

async function importServer(url: string, copying: Copying, isFollowing: boolean): Promise<void> {
  const source = await openServerKeys(url);
  try {
    await copyServer(source, copying, isFollowing);
  } catch (error) {
    throw error instanceof KeyFault ? problemOf(error) : error;
  } finally {
    await source.close();
  }
}

async function copyServer(source: KeysPort, copying: Copying, isFollowing: boolean): Promise<void> {
  const { copy, target, paths, output, wish } = copying;
  const bar = new ProgressBar({ label: source.name, quiet: output.quiet });
  const starts: { path: Path; from: number }[] = [];
  let hasHidden = true;
  let before = 0;
  try {
    for (const path of paths) {
      const walk = await source.walk(path);
      starts.push({ path, from: walk.index + 1 });
      hasHidden &&= walk.hasHidden;
      if (starts.length === 1) output.note(`${source.name} is at index ${walk.index}`);
      for await (const node of walk.nodes) {
        await copy.take(node);
        bar.update({
          bytes: before + walk.read(),
          total: paths.length === 1 ? walk.octets : null,
          remark: `${formatCount(copy.total)} keys`,
        });
      }
      before += walk.read();
    }
    await copy.end();
  } finally {
    bar.end();
  }
  const index = (starts[0]?.from ?? 1) - 1;
  await raiseIndex(copying);
  finish(copying, { name: source.name, index, seconds: bar.seconds });
  if (!hasHidden) noteHidden(source, { hasHidden } as Parameters<typeof noteHidden>[1], output);
  if (!hasHidden && copy.hasReplacements)
    output.note(`values hold U+FFFD: ${source.name} shows it for what is not UTF-8 and cannot be read`);
  if (isFollowing) await followAll(source, { target, prefix: wish.prefix, starts, output });
  else await noteMoved(source, index, output);
}

/** Where the key is written, and removed again, that raises the index. */
const raisingPath: Path = '/_weir-import';

/** New in-order keys are to come behind those that were copied: they are named by the index, so it has to be above. */
async function raiseIndex({ copy, target, wish, output }: Copying): Promise<void> {
  const wanted = copy.greatestOrdered;
  if (wish.dryRun || (await target.read('/')).index >= wanted) return;
  const reached = await target.write({ action: 'set', path: raisingPath, leastIndex: wanted }).then(
    ({ index }) => index,
    (error: unknown) => {
      if (error instanceof KeyFault && error.kind === 'too-large') return 0;
      throw error;
    },
  );
  if (reached > 0) await target.write({ action: 'delete', path: raisingPath });
  if (reached < wanted)
    output.note(`${target.name} cannot raise its index to ${wanted}: until it is there, new in-order keys come before the copied ones`);
}

/** A copy is of one moment; what has happened since is not in it. */
async function noteMoved(source: KeysPort, index: number, output: Output): Promise<void> {
  const { index: now } = await source.read('/');
  if (now > index) output.note(`${source.name} has moved on to index ${now} meanwhile: run this again, or with --follow`);
}

type FollowAll = { target: KeysPort; prefix: Path; starts: readonly { path: Path; from: number }[]; output: Output };

async function followAll(source: KeysPort, { target, prefix, starts, output }: FollowAll): Promise<void> {
  let changes = 0;
  let index = 0;
  output.note(`following ${source.name}; Ctrl-C ends it`);
  const forget = onInterrupt(() => output.note(`${formatCount(changes)} changes repeated${changes > 0 ? `, up to index ${index}` : ''}`));
  const onTrouble = (reason: string): void => output.note(`weir: ${reason}; trying again`);
  try {
    await Promise.all(
      starts.map(({ path, from }) =>
        followChanges({ source, target, prefix, path, from, onTrouble }, (event) => {
          changes++;
          index = Math.max(index, event.index);
        }),
      ),
    );
  } finally {
    forget();
  }
}

/** Tells what came of the keys, and refusals one by one; those make the exit code 6. */
function finish({ copy, output, wish }: Copying, { name, index, seconds }: { name: string; index: number; seconds: number }): void {
  const { counts, refusals } = copy;
  const words = { made: wish.dryRun ? 'to make' : 'made', replaced: wish.dryRun ? 'to replace' : 'replaced' };
  const told = Object.entries({
    [words.made]: counts.made,
    [words.replaced]: counts.replaced,
    same: counts.same,
    expired: counts.expired,
    refused: counts.refused,
  })
    .filter(([word, count]) => count > 0 || word === words.made)
    .map(([word, count]) => `${formatCount(count)} ${word}`);
  if (output.form === 'table') {
    if (!output.quiet)
      output.line(`${name}, index ${index}: ${formatCount(copy.total)} nodes in ${formatDuration(seconds)}: ${told.join(', ')}`);
  } else output.record({ source: name, index, ...counts, dry_run: wish.dryRun });
  if (counts.refused === 0) return;
  for (const { path, reason } of refusals)
    process.stderr.write(`weir: refused ${showText(Buffer.from(textOf(path)))}: ${reasons[reason] ?? reason}\n`);
  if (counts.refused > refusals.length) process.stderr.write(`weir: and ${formatCount(counts.refused - refusals.length)} more\n`);
  if (refusals.some(({ reason }) => reason === 'exists'))
    process.stderr.write('  hint: --replace puts the imported value in their place\n');
  process.exitCode ||= 6;
}

const reasons: Partial<Record<KeyFault['kind'], string>> = {
  exists: 'it is there with another value or time to live',
  'not-file': 'a directory is there',
  'not-directory': 'a key is there, or above it, where a directory is needed',
  'too-large': 'it is beyond a limit',
};
