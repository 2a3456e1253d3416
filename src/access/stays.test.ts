import { afterEach, expect, test, vi } from 'vitest';
import { Stays } from './stays.ts';

afterEach(() => void vi.useRealTimers());

test('sends away whose token has run out, though nobody tells', () => {
  vi.useFakeTimers();
  const stays = new Stays();
  const leave = vi.fn();
  const until = Date.now() + 60_000;
  stays.start();
  stays.enter({ mayStay: () => Date.now() < until, leave });
  vi.advanceTimersByTime(59_000);
  expect(leave).not.toHaveBeenCalled();
  vi.advanceTimersByTime(6_000);
  expect(leave).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  expect(leave).toHaveBeenCalledTimes(1);
  stays.stop();
});

test('looks at nobody who has gone, and once after many changes', async () => {
  const stays = new Stays();
  const mayStay = vi.fn(async () => false);
  const gone = { mayStay: vi.fn(() => false), leave: vi.fn() };
  const leave = vi.fn();
  stays.enter({ mayStay, leave });
  stays.enter(gone)();
  for (let at = 0; at < 100; at++) stays.reviewSoon();
  await vi.waitFor(() => expect(leave).toHaveBeenCalledTimes(1));
  expect(mayStay).toHaveBeenCalledTimes(1);
  expect(gone.mayStay).not.toHaveBeenCalled();
});
