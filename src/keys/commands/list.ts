import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatBytes, formatDuration } from '../../cli/format.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { formatTable, type TableColumn } from '../../cli/table.ts';
import type { KeyNode } from '../tree/node.ts';
import type { Path } from '../tree/path.ts';
import type { KeysPort } from './access.ts';
import { describeNode } from './document.ts';
import { withKeys } from './port.ts';
import { showPath, showText } from './print.ts';
import { keyPath } from './server-keys.ts';

type ListOptions = { recursive?: boolean; p?: boolean; quorum?: boolean; all?: boolean; long?: boolean; sort?: boolean };

/** Adds `weir keys ls`. */
export function addList(keys: Command): void {
  const command = keys
    .command('ls')
    .description('list a directory')
    .argument('[key]', 'the directory', '/')
    .option('-r, --recursive', 'with all that lies below')
    .option('-p', 'a slash behind the names of directories')
    .option('-l, --long', 'with values, indexes and times to live')
    .option('-a, --all', 'hidden keys too: names that begin with _ (an etcd does not list them)')
    .option('--quorum', 'read behind all writes that were acknowledged anywhere')
    .option('--sort', 'taken for the sake of etcdctl: listings are always sorted')
    .action(list);
  withExamples(command, 'weir keys ls', 'weir keys ls -r -p /config', 'weir keys ls -l /config', 'weir keys ls --json /config');
}

async function list(key: string, options: ListOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const nodes = await withKeys(command, (keys) => readBelow(keys, keyPath(key), options));
  if (output.form !== 'table') output.rows(nodes.map((node) => describeNode(node)) as Record<string, unknown>[], [], documentFields);
  else if (options.long) printLong(nodes, output);
  else for (const node of nodes) output.line(showPath(node, options.p));
}

const documentFields = ['path', 'path_base64', 'dir', 'value', 'value_base64', 'ttl', 'expiration', 'created', 'modified'];

/** What a directory holds, each directory before what is in it; of a file the file itself, as etcdctl has it. */
async function readBelow(keys: KeysPort, path: Path, { recursive, quorum = false, all = false }: ListOptions): Promise<KeyNode[]> {
  const wish = { reach: recursive ? 'subtree' : 'children', isLinearizable: quorum, withHidden: all } as const;
  const { node, below } = await keys.read(path, wish);
  return node.isDir ? inTreeOrder(below) : [node];
}

/** Nodes as a walk through the tree meets them: byte order of the names, a directory before what is in it. */
export function inTreeOrder(nodes: readonly KeyNode[]): KeyNode[] {
  // With the lowest character for the slash, `/a/b` stands before `/a-b`.
  const keyed = nodes.map((node) => ({ node, key: node.path.replaceAll('/', '\0') }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ node }) => node);
}

const longColumns: TableColumn<KeyNode>[] = [
  { title: 'key', show: (node) => showPath(node, true) },
  { title: 'modified', align: 'right', show: (node) => String(node.modified) },
  { title: 'created', align: 'right', show: (node) => String(node.created) },
  { title: 'stays', align: 'right', show: showStay },
  { title: 'size', align: 'right', show: ({ isDir, value }) => (isDir ? '' : formatBytes(value.length)) },
  { title: 'value', show: ({ isDir, value }) => (isDir ? '' : showText(value.subarray(0, 200)).replaceAll('\n', '\\n')) },
];

function printLong(nodes: readonly KeyNode[], { width, color, line }: Output): void {
  for (const text of formatTable(nodes, longColumns, { width, color })) line(text);
}

/** How long a node stays, in words; empty for one that stays for ever. */
export function showStay({ deadline }: KeyNode): string {
  return deadline === 0 ? '' : formatDuration(Math.max(0, Math.ceil((deadline - Date.now()) / 1000)));
}
