import type { Output } from '../../cli/output.ts';
import { untilSignal } from '../../core/shutdown.ts';

/** Resolves when Ctrl-C or SIGTERM asked for an end and `stop` is done; asked again, the process ends at once. */
export async function untilStopped(output: Output, stop: () => Promise<void>): Promise<void> {
  const log = { info: () => output.note('stopping; once more leaves at once'), warn: () => {}, error: () => {} };
  await untilSignal({
    log,
    stop: async () => {
      await stop();
      return true;
    },
  });
}
