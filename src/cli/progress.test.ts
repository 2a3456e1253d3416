import { expect, test } from 'vitest';
import { manualClock } from '../core/clock.ts';
import { formatBar, isAsciiTerminal, ProgressBar } from './progress.ts';

function record(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  return { written, stream };
}

test('draws a bar with bytes, rate, time left and remark on a terminal, and takes it away', () => {
  const { written, stream } = record(true);
  const clock = manualClock();
  const bar = new ProgressBar({ label: 'office.pcap', stream, clock, ascii: false });
  clock.advance(1000);
  bar.update({ bytes: 1e6, total: 4e6, remark: '9 flows' });
  expect(written).toEqual(['\r\x1b[Koffice.pcap  █████░░░░░░░░░░░░░░░   25%  1.00 MB of 4.00 MB  1.00 MB/s  3 s left  9 flows']);
  bar.update({ bytes: 2e6, total: 4e6 });
  expect(written).toHaveLength(1);
  bar.end();
  expect(written.at(-1)).toBe('\r\x1b[K');
});

test('prints a plain line now and then where there is no terminal', () => {
  const { written, stream } = record(false);
  const clock = manualClock();
  const bar = new ProgressBar({ label: 'stdin', stream, clock });
  bar.update({ bytes: 1, total: null });
  clock.advance(6000);
  bar.update({ bytes: 6e6, total: null });
  bar.end();
  expect(written).toEqual(['stdin  6.00 MB  1.00 MB/s\n']);
});

test('is silent when quiet', () => {
  const { written, stream } = record(true);
  const bar = new ProgressBar({ label: 'x', stream, quiet: true });
  bar.update({ bytes: 1, total: 2 });
  bar.end();
  expect(written).toEqual([]);
});

test.each([
  [0, '░░░░'],
  [0.5, '██░░'],
  [0.28, '█▏░░'],
  [1, '████'],
  [7, '████'],
])('a share of %d is %s', (share, expected) => {
  expect(formatBar(share, 4, false)).toBe(expected);
});

test.each([
  [{}, false],
  [{ LANG: 'de_DE.UTF-8' }, false],
  [{ LANG: 'C' }, true],
  [{ LANG: 'C.utf8' }, false],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }, true],
])('%j is ASCII: %s', (env, expected) => {
  expect(isAsciiTerminal(env as NodeJS.ProcessEnv)).toBe(expected);
});
