/** The packets of a running capture as a stream that its reader paces. */
import { blockStream } from '../core/block-stream.ts';
import type { Captures } from './captures.ts';

type Followed = { id: number; where: string | undefined; signal: AbortSignal };

/** Blocks of whole lines, until the capture or the signal ends. Leaving the loop stops looking on. */
export async function* followedBlocks(captures: Captures, { id, where, signal }: Followed): AsyncGenerator<Uint8Array> {
  const blocks = blockStream((take, left) => captures.follow(id, where, AbortSignal.any([signal, left]), take));
  // The answer keeps them past the next one.
  for await (const block of blocks) yield Buffer.from(block);
}

/** The lines of blocks of text. */
export async function* linesOf(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const block of blocks) {
    const lines = (rest + Buffer.from(block).toString('utf8')).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
}
