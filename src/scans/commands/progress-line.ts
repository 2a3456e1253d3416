import { formatDuration } from '../../cli/format.ts';
import type { Output } from '../../cli/output.ts';
import type { ShownScan } from '../api.ts';

/** One line on a terminal: how much of a scan is done, and how long it will take. */
export class ProgressLine {
  readonly #isShown: boolean;

  constructor({ quiet }: Output) {
    this.#isShown = !quiet && process.stderr.isTTY === true;
  }

  show({ progress: { done, total, open }, seconds_left: left }: Pick<ShownScan, 'progress' | 'seconds_left'>): void {
    if (!this.#isShown || total === 0) return;
    const eta = left === undefined ? '' : `, ${formatDuration(left)} left`;
    process.stderr.write(`\r\x1b[K${Math.floor((100 * done) / total)} % of ${total} probes, ${open} open${eta}`);
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K');
  }
}
