/** Takes a block; `release` gives its memory back, and lets more come. */
export type TakeBlock = (block: Uint8Array, release: () => void) => void;

/**
 * The blocks that `run` gives, as a stream that its reader paces: each is valid until the next is asked for. Leaving the loop aborts the signal.
 * What `run` throws is thrown behind the blocks that came before it.
 */
export async function* blockStream(run: (take: TakeBlock, signal: AbortSignal) => Promise<unknown>): AsyncGenerator<Uint8Array> {
  const queue: { block: Uint8Array; release: () => void }[] = [];
  const left = new AbortController();
  let wake = (): void => {};
  let ending: { error?: unknown } | undefined;
  const end = (how: { error?: unknown }): void => {
    ending = how;
    wake();
  };
  const take: TakeBlock = (block, release) => {
    queue.push({ block, release });
    wake();
  };
  run(take, left.signal).then(
    () => end({}),
    (error: unknown) => end({ error }),
  );
  try {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) {
        yield next.block;
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
