import { rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount, formatDuration } from '../../cli/format.ts';
import { onInterrupt } from '../../cli/interrupt.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { Problem } from '../../core/problem.ts';
import { type Path, textOf } from '../tree/path.ts';
import type { KeysPort, Walk } from './access.ts';
import { describeNode } from './document.ts';
import { withKeys } from './port.ts';
import { keyPath } from './server-keys.ts';

/** The version of the document; a reader refuses a greater one. */
export const exportVersion = 1;

type ExportOptions = { path: string };

/** Adds `weir keys export`. */
export function addExport(keys: Command): void {
  const command = keys
    .command('export')
    .description('write keys to a file, as one JSON document that import takes')
    .argument('<file>', 'the file; - is standard output')
    .option('--path <key>', 'only this key and what lies below', '/')
    .action(exportKeys);
  withExamples(
    command,
    'weir keys export keys.json',
    'weir keys export --path /config - | jq -r .nodes[].path',
    'weir keys export --server http://127.0.0.1:2379 old-etcd.json',
  );
}

async function exportKeys(file: string, { path }: ExportOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  await withKeys(command, async (keys) => {
    const top = keyPath(path);
    const walk = await keys.walk(top);
    const bar = new ProgressBar({ label: 'export', quiet: output.quiet || file === '-' });
    const count = { nodes: 0 };
    const blocks = writeDocument(top, walk, (nodes) => {
      count.nodes = nodes;
      bar.update({ bytes: walk.read(), total: walk.octets, remark: `${formatCount(nodes)} keys` });
    });
    let bytes = 0;
    try {
      if (file === '-') await pipeline(Readable.from(blocks, { objectMode: false }), process.stdout, { end: false });
      else bytes = await writeWhole(file, blocks);
    } finally {
      bar.end();
    }
    if (file !== '-') {
      output.note(
        `${file}: ${formatCount(count.nodes)} nodes at index ${walk.index}, ${formatBytes(bytes)} in ${formatDuration(bar.seconds)}`,
      );
    }
    noteHidden(keys, walk, output);
  });
}

/** Says that there may be more than a listing shows, where it is so. */
export function noteHidden({ name }: Pick<KeysPort, 'name'>, walk: Walk, output: Output): void {
  if (walk.hasHidden) return;
  output.note(`${name} does not list hidden keys (names that begin with _): name each with --path /_KEY if there are any`);
}

const blockLength = 1 << 16;

/** The document in blocks, a node to a line. */
async function* writeDocument(top: Path, { index, nodes }: Walk, onNodes: (count: number) => void): AsyncGenerator<string> {
  const facts = { version: exportVersion, index, path: textOf(top), exported: new Date().toISOString() };
  let text = `${JSON.stringify(facts).slice(0, -1)},"nodes":[`;
  let count = 0;
  for await (const node of nodes) {
    // The root is always there and takes no write.
    if (node.path === '/') continue;
    text += `${count === 0 ? '\n' : ',\n'}${JSON.stringify(describeNode(node))}`;
    count++;
    if (text.length < blockLength) continue;
    yield text;
    text = '';
    onNodes(count);
  }
  onNodes(count);
  yield `${text}\n]}\n`;
}

/** Writes a file that appears under its name when it is whole; answers its octets. */
async function writeWhole(path: string, blocks: AsyncIterable<string>): Promise<number> {
  const part = `${path}.part`;
  const forget = onInterrupt(() => rmSync(part, { force: true }));
  try {
    const file = await open(part, 'w', 0o600).catch((cause) => {
      throw new Problem('invalid', `${path} cannot be written`, { detail: (cause as Error).message, cause });
    });
    let bytes = 0;
    try {
      for await (const block of blocks) {
        await file.appendFile(block);
        bytes += Buffer.byteLength(block);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
    return bytes;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    forget();
  }
}
