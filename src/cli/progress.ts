import { type Clock, systemClock } from '../core/clock.ts';
import { formatBytes, formatDuration } from './format.ts';
import { onInterrupt } from './interrupt.ts';
import { cutTo, displayWidth } from './table.ts';

/** How far a long work is. `total` is null where nobody knows the end (standard input). */
export type Progress = { bytes: number; total: number | null /** More to show behind the bar: `1.20 M packets`. */; remark?: string };

export type ProgressOptions = {
  label: string;
  quiet?: boolean;
  stream?: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;
  clock?: Clock;
  ascii?: boolean;
};

// A terminal is redrawn ten times a second; a log gets a line every five seconds, and nothing of works shorter than that.
const redrawMs = 100;
const lineMs = 5000;
const barCells = 20;
// The rate is that of the last few seconds, so that the ETA follows a source that slows down.
const rateWindowMs = 4000;

/**
 * The progress of one work on standard error: a bar with bytes, rate and time left on a terminal, a plain line now and
 * then elsewhere, nothing with `quiet`. Call `update` as often as you like, and `end` once.
 */
export class ProgressBar {
  readonly #options: Required<ProgressOptions>;
  readonly #startedAt: number;
  readonly #forget: () => void;
  #samples: { at: number; bytes: number }[] = [];
  #drawnAt: number;
  #isDrawn = false;

  constructor(options: ProgressOptions) {
    this.#options = { quiet: false, stream: process.stderr, clock: systemClock, ascii: isAsciiTerminal(), ...options };
    this.#startedAt = this.#options.clock.monotonic();
    this.#drawnAt = this.#options.stream.isTTY ? this.#startedAt - redrawMs : this.#startedAt;
    this.#forget = onInterrupt(() => this.end());
  }

  update(progress: Progress): void {
    const { quiet, stream, clock } = this.#options;
    const now = clock.monotonic();
    if (quiet || now - this.#drawnAt < (stream.isTTY ? redrawMs : lineMs)) return;
    this.#drawnAt = now;
    const line = this.#format(progress, now);
    if (stream.isTTY) {
      stream.write(`\r\x1b[K${cutTo(line, (stream.columns || 80) - 1)}`);
      this.#isDrawn = true;
    } else {
      stream.write(`${line}\n`);
    }
  }

  /** Removes the bar, so that a result or an error can stand in its place. */
  end(): void {
    if (this.#isDrawn) this.#options.stream.write('\r\x1b[K');
    this.#isDrawn = false;
    this.#forget();
  }

  /** Seconds since the work began. */
  get seconds(): number {
    return (this.#options.clock.monotonic() - this.#startedAt) / 1000;
  }

  #format({ bytes, total, remark }: Progress, now: number): string {
    const rate = this.#rate(bytes, now);
    const parts = [this.#options.label];
    if (total !== null && total > 0) {
      const share = Math.min(1, bytes / total);
      if (this.#options.stream.isTTY) parts.push(formatBar(share, barCells, this.#options.ascii));
      parts.push(`${Math.floor(share * 100)}%`.padStart(4), `${formatBytes(bytes)} of ${formatBytes(total)}`);
    } else parts.push(formatBytes(bytes));
    if (rate > 0) parts.push(`${formatBytes(rate)}/s`);
    if (rate > 0 && total !== null && bytes < total) parts.push(`${formatDuration((total - bytes) / rate)} left`);
    if (remark) parts.push(remark);
    return parts.join('  ');
  }

  #rate(bytes: number, now: number): number {
    this.#samples.push({ at: now, bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0] as { at: number }).at > rateWindowMs) this.#samples.shift();
    const first = this.#samples.length > 1 ? (this.#samples[0] as { at: number; bytes: number }) : { at: this.#startedAt, bytes: 0 };
    return now > first.at ? ((bytes - first.bytes) * 1000) / (now - first.at) : 0;
  }
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of `cells` cells, `share` (0 to 1) of it full. */
export function formatBar(share: number, cells: number, ascii: boolean): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * cells * 8);
  if (ascii) return `[${'#'.repeat(filled >> 3).padEnd(cells, '.')}]`;
  const bar = '█'.repeat(filled >> 3) + eighths[filled & 7];
  return bar + '░'.repeat(cells - displayWidth(bar));
}

/** Whether the locale (POSIX order: LC_ALL, LC_CTYPE, LANG) says that the terminal takes ASCII only. */
export function isAsciiTerminal(env: NodeJS.ProcessEnv = process.env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  // An unset locale is what containers have; their terminals take UTF-8 all the same.
  return locale !== undefined && !/utf-?8/i.test(locale) && !/^C\.utf/i.test(locale);
}
