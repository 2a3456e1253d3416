/** The packets of a running capture as a stream that its reader paces. */
import type { Captures } from './captures.ts';

type Followed = { id: number; where: string | undefined; signal: AbortSignal };

/** Blocks of whole lines, until the capture or the signal ends. Leaving the loop stops looking on. */
export async function* followedBlocks(captures: Captures, { id, where, signal }: Followed): AsyncGenerator<Uint8Array> {
  const queue: { block: Uint8Array; release: () => void }[] = [];
  const left = new AbortController();
  let wake = (): void => {};
  let ending: { error?: unknown } | undefined;
  const end = (how: { error?: unknown }): void => {
    ending = how;
    wake();
  };
  const onBlock = (block: Uint8Array, release: () => void): void => {
    queue.push({ block, release });
    wake();
  };
  captures.follow(id, where, AbortSignal.any([signal, left.signal]), onBlock).then(
    () => end({}),
    (error: unknown) => end({ error }),
  );
  try {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) {
        yield Buffer.from(next.block);
        next.release();
      } else if (ending === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if ('error' in ending) throw ending.error;
      else return;
    }
  } finally {
    left.abort();
  }
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
