import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import { describeNode } from './document.ts';
import { withKeys } from './port.ts';
import { printValue, showPath } from './print.ts';
import { keyPath } from './server-keys.ts';

type GetOptions = { quorum?: boolean; raw?: boolean; long?: boolean; sort?: boolean };

/** Adds `weir keys get`. */
export function addGet(keys: Command): void {
  const command = keys
    .command('get')
    .description('print the value of a key')
    .argument('<key>', 'the key, such as /config/mtu')
    .option('--quorum', 'read behind all writes that were acknowledged anywhere')
    .option('--sort', 'taken for the sake of etcdctl: listings are always sorted')
    .option('--raw', 'write the bytes of the value and no line feed behind them')
    .option('-l, --long', 'print indexes and time to live too')
    .action(get);
  withExamples(command, 'weir keys get /config/mtu', 'weir keys get --raw /logo.png > logo.png', 'weir keys get --json /config/mtu');
}

async function get(key: string, { quorum = false, raw, long }: GetOptions, command: Command): Promise<void> {
  const output = openOutput(command);
  const { index, node } = await withKeys(command, (keys) => keys.read(keyPath(key), { isLinearizable: quorum }));
  if (node.isDir && output.form === 'table')
    throw new Problem('invalid', `${showPath(node)} is a directory`, { hint: `weir keys ls ${showPath(node)}` });
  if (output.form !== 'table') return output.record({ index, ...describeNode(node) });
  if (raw) return void process.stdout.write(node.value);
  if (long) {
    const { created, modified, ttl, expiration } = describeNode(node);
    const facts = { key: showPath(node), created, modified, ...(ttl !== undefined && { ttl, expiration }), index };
    output.record(facts);
    process.stdout.write('\n');
  }
  printValue(node.value);
}
