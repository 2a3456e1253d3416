import { afterEach, expect, test, vi } from 'vitest';
import { dropReadyThreads, giveBackThreads, type ImportThreads, keepThreadsReady, startImportThreads } from './threads.ts';

const taken: ImportThreads[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await dropReadyThreads();
  await Promise.all(taken.splice(0).flatMap(({ reader, writer }) => [reader.terminate(), writer.terminate()]));
});

/** Threads are numbered as they start. */
function take(): number {
  const threads = startImportThreads();
  taken.push(threads);
  return threads.reader.threadId;
}

test('threads that are kept ready go to the next import, and to that alone', () => {
  const first = take();
  keepThreadsReady();
  keepThreadsReady();
  expect(take()).toBe(first + 2);
  expect(take()).toBe(first + 4);
});

test('threads that nobody takes end', async () => {
  vi.useFakeTimers();
  const first = take();
  keepThreadsReady();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(take()).toBe(first + 4);
});

test('threads that are given back go to the next import, and end when nobody takes them', async () => {
  vi.useFakeTimers();
  const first = take();
  const { reader, writer } = taken.pop() as ImportThreads;
  reader.on('message', () => {});
  giveBackThreads(reader, writer);
  expect(take()).toBe(first);
  expect(reader.listeners('message')).toEqual([]);
  taken.pop();
  giveBackThreads(reader, writer);
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  expect(take()).toBe(first + 2);
});

test('of two that are given back one is kept', async () => {
  const first = take();
  const second = take();
  const [one, other] = taken.splice(0) as [ImportThreads, ImportThreads];
  giveBackThreads(one.reader, one.writer);
  giveBackThreads(other.reader, other.writer);
  expect([take(), take()]).toEqual([first, second + 2]);
});

test('threads that end while they wait are not given to anybody', async () => {
  const first = take();
  const { reader, writer } = taken.pop() as ImportThreads;
  giveBackThreads(reader, writer);
  await reader.terminate();
  expect(take()).toBe(first + 2);
});

test('threads that were taken in time are left alone', async () => {
  vi.useFakeTimers();
  const first = take();
  keepThreadsReady();
  expect(take()).toBe(first + 2);
  const ends = vi.fn();
  taken[1]?.reader.once('exit', ends);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(ends).not.toHaveBeenCalled();
});
