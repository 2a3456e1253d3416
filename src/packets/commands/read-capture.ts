/** `weir packets read` at work. */
import { once } from 'node:events';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import { HandshakeView } from './handshake-view.ts';
import { HttpView } from './http-view.ts';
import { openPacketView, type PacketView } from './packet-view.ts';
import { readFrames } from './read-file.ts';
import type { ReadOptions, ShowOptions } from './read-options.ts';

/** The view that options ask for. */
export function openView(options: ShowOptions, isJson: boolean, onBlock: (block: Uint8Array) => void): PacketView {
  if ((options.http || options.handshakes) && options.where !== undefined)
    throw new Problem('invalid', '--where chooses packets; HTTP and handshakes are told of whole connections.', { pointer: '--where' });
  if (options.http) return new HttpView(isJson, onBlock);
  if (options.handshakes) return new HandshakeView(isJson, onBlock);
  return openPacketView(isJson && options.form === 'lines' ? { ...options, form: 'json' } : options, onBlock);
}

export async function readCapture(file: string, options: ReadOptions, global: GlobalOptions): Promise<void> {
  const blocks: Uint8Array[] = [];
  const view = openView(options, global.json === true, (block) => blocks.push(block));
  const most = options.count ?? Number.POSITIVE_INFINITY;
  let shown = 0;
  const write = async (): Promise<void> => {
    for (const block of blocks.splice(0)) if (!process.stdout.write(block)) await once(process.stdout, 'drain');
  };
  const end = async (): Promise<void> => {
    view.end();
    await write();
  };
  try {
    const reader = await readFrames(file, {
      take: (octets, offset, packet, link, result, number) => {
        if (shown < most && view.take(octets, offset, packet, link, result, number)) shown++;
      },
      pause: async () => {
        await write();
        return shown >= most;
      },
    });
    await end();
    if (!global.quiet) for (const remark of reader.remarks) process.stderr.write(`weir: ${remark}\n`);
  } catch (fault) {
    await end();
    throw fault;
  }
}
