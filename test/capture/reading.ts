/** Captures read in this process, and by the programs that Weir is compared with. */
import { execFileSync } from 'node:child_process';
import { openView } from '../../src/packets/commands/read-capture.ts';
import { readFrames } from '../../src/packets/commands/read-file.ts';
import type { ShowOptions } from '../../src/packets/commands/read-options.ts';

/** What `weir packets read` prints. */
export async function show(file: string, options: Partial<ShowOptions> = {}, isJson = false): Promise<string> {
  const blocks: Uint8Array[] = [];
  const view = openView({ form: 'lines', separator: '\\t', time: 'epoch', ...options }, isJson, (block) => blocks.push(block));
  await readFrames(file, { take: (...frame) => void view.take(...frame), pause: () => false }).catch(() => undefined);
  view.end();
  return Buffer.concat(blocks).toString('utf8');
}

export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const has = (program: string): boolean => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
export const hasTcpdump = has('tcpdump');
export const hasDumpcap = has('dumpcap');
export const hasTshark = has('tshark');
if (!hasTcpdump) console.warn('skipped: captures beside tcpdump (tcpdump is not installed)');
if (!hasTshark) console.warn('skipped: captures beside tshark (tshark is not installed)');

/** Lines of tcpdump, with epoch times. A file that it reads in part gives that part. */
export const tcpdumpLines = (file: string): string[] => run('tcpdump', ['-n', '-tt', '-r', file]);

/** Values of tshark's fields, the first of each where there are several. */
export const tsharkRows = (file: string, fields: readonly string[], filter?: string): string[] =>
  run('tshark', [
    ...['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=f', ...fields.flatMap((field) => ['-e', field])],
    // Weir tells segments as they are, one by one.
    ...['-o', 'tcp.desegment_tcp_streams:false', '-o', 'ip.defragment:false', '-o', 'ipv6.defragment:false'],
    ...(filter === undefined ? [] : ['-Y', filter]),
  ]);

function run(program: string, args: string[]): string[] {
  try {
    return linesOf(execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch (error) {
    return linesOf((error as { stdout?: string }).stdout ?? '');
  }
}
