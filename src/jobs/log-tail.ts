import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { isOver } from './job.ts';
import type { Jobs } from './jobs.ts';
import { logPath } from './log-file.ts';

/** Octets that one event brings at most. */
const blockOctets = 64 * 1024;

/** A part of a log as it is told; `id` is the offset behind it. */
export type LogPart = { id: number; event: 'log' | 'end'; data: { text: string } | { state: string } };

/** What a job prints from an offset on, as it comes; ends when the job is over and all is told. */
export async function* followLog(jobs: Jobs, id: number, from: number, signal: AbortSignal): AsyncGenerator<LogPart> {
  const job = jobs.get(id);
  const file = await open(logPath(job), 'r');
  const bell = new Bell();
  // inotify, so that a line is told when it is written; the end of the job rings as well.
  const watcher = watch(logPath(job), () => bell.ring());
  watcher.on('error', () => {});
  const unfollow = jobs.queue.onChange(id, () => bell.ring());
  const onAbort = () => bell.ring();
  signal.addEventListener('abort', onAbort);
  const decoder = new TextDecoder();
  const block = Buffer.alloc(blockOctets);
  let offset = from;
  try {
    while (!signal.aborted) {
      // Asked before the read: what was printed before the end is there then.
      const now = jobs.queue.store.get(id);
      const isLast = now === undefined || isOver(now);
      const { bytesRead } = await file.read(block, 0, blockOctets, offset);
      if (bytesRead > 0) {
        offset += bytesRead;
        const text = decoder.decode(block.subarray(0, bytesRead), { stream: true });
        if (text !== '') yield { id: offset, event: 'log', data: { text } };
      } else if (isLast) {
        yield { id: offset, event: 'end', data: { state: now?.state ?? 'forgotten' } };
        return;
      } else await bell.wait();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    unfollow();
    watcher.close();
    await file.close();
  }
}

/** Rings that come while nobody waits are not lost. */
class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  async wait(): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    this.#hasRung = false;
  }
}
