import { once } from 'node:events';
import type { JobsClient } from '../remote.ts';

/** Prints the log of a job as it is, or with `isFollowed` as it grows, until the job is over. Answers the state at the end, when followed. */
export async function printLog(jobs: JobsClient, id: string, isFollowed: boolean, tail?: number): Promise<string | undefined> {
  if (!isFollowed) {
    for await (const block of jobs.log(id, tail)) await print(block);
    return undefined;
  }
  for await (const { event, data } of jobs.follow(id)) {
    const { text, state } = JSON.parse(data) as { text?: string; state?: string };
    if (event === 'end') return state;
    if (text !== undefined) await print(text);
  }
  return undefined;
}

async function print(block: Uint8Array | string): Promise<void> {
  if (!process.stdout.write(block)) await once(process.stdout, 'drain');
}
