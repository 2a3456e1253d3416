import type { Command } from 'commander';
import { wholeNumber, withExamples } from '../../cli/command.ts';
import { formatCount } from '../../cli/format.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { cutTo, makeVisible } from '../../cli/table.ts';
import type { KeyNode } from '../tree/node.ts';
import { depthOf, nameOf, type Path, parentOf, textOf } from '../tree/path.ts';
import { describeNode, type NodeDocument } from './document.ts';
import { inTreeOrder, showStay } from './list.ts';
import { withKeys } from './port.ts';
import { showPath, showText } from './print.ts';
import { keyPath } from './server-keys.ts';

type TreeOptions = { depth?: number; all?: boolean; names?: boolean };

/** Adds `weir keys tree`. */
export function addTree(keys: Command): void {
  const command = keys
    .command('tree')
    .description('draw a directory with all that lies below')
    .argument('[key]', 'the directory', '/')
    .option('--depth <levels>', 'levels to draw at most', wholeNumber(1))
    .option('--names', 'names only, without values and times to live')
    .option('-a, --all', 'hidden keys too: names that begin with _ (an etcd does not list them)')
    .action(tree);
  withExamples(command, 'weir keys tree', 'weir keys tree --depth 2 --names /config');
}

async function tree(key: string, options: TreeOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const { node, below } = await withKeys(command, (keys) =>
    keys.read(keyPath(key), { reach: 'subtree', withHidden: options.all === true }),
  );
  const deepest = depthOf(node.path) + (options.depth ?? Number.POSITIVE_INFINITY);
  const shown = inTreeOrder(below.filter((each) => depthOf(each.path) <= deepest));
  if (output.form === 'json') output.json(nest(node, shown));
  else draw(node, shown, { output, hasValues: options.names !== true });
}

type Branch = NodeDocument & { nodes?: Branch[] };

/** The tree as one document: a directory holds its nodes. */
function nest(top: KeyNode, nodes: readonly KeyNode[]): Branch {
  const branches = new Map<Path, Branch>();
  for (const node of [top, ...nodes]) {
    const branch: Branch = { ...describeNode(node), ...(node.isDir && { nodes: [] }) };
    branches.set(node.path, branch);
    if (node !== top) branches.get(parentOf(node.path))?.nodes?.push(branch);
  }
  return branches.get(top.path) as Branch;
}

function draw(top: KeyNode, nodes: readonly KeyNode[], { output, hasValues }: { output: Output; hasValues: boolean }): void {
  const lastChild = new Map<Path, Path>();
  for (const { path } of nodes) lastChild.set(parentOf(path), path);
  // The rails of a directory are those of everything in it: a bar while siblings follow, else a blank.
  const rails = new Map<Path, string>([[top.path, '']]);
  const show = (line: string): void => output.line(output.width === undefined ? line : cutTo(line, output.width));
  show(showPath(top) + (hasValues ? remark(top) : ''));
  for (const node of nodes) {
    const rail = rails.get(parentOf(node.path)) ?? '';
    const isLast = lastChild.get(parentOf(node.path)) === node.path;
    if (node.isDir) rails.set(node.path, rail + (isLast ? '    ' : '│   '));
    const name = makeVisible(textOf(nameOf(node.path))) + (node.isDir ? '/' : '');
    show(`${rail}${isLast ? '└── ' : '├── '}${name}${hasValues ? remark(node) : ''}`);
  }
  const files = nodes.filter((node) => !node.isDir).length;
  const directories = nodes.length - files;
  output.note(
    `${formatCount(directories)} ${directories === 1 ? 'directory' : 'directories'}, ${formatCount(files)} ${files === 1 ? 'key' : 'keys'}`,
  );
}

/** The value of a file and how long it stays. */
function remark(node: KeyNode): string {
  const value = node.isDir ? '' : ` = ${showText(node.value.subarray(0, 200)).replaceAll('\n', '\\n')}`;
  const stay = showStay(node);
  return value + (stay === '' ? '' : `  (${stay})`);
}
