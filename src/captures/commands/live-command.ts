/** `weir packets capture` at work: one capture, and what is wanted of it. */
import type { GlobalOptions } from '../../cli/command.ts';
import { formatCounted } from '../../cli/format.ts';
import { onInterrupt, stopOnInterrupt } from '../../cli/interrupt.ts';
import { type CaptureRequest, LiveCapture } from '../../packets/capture/index.ts';
import type { CaptureOptions } from './capture-options.ts';
import { LiveOutputs } from './live-outputs.ts';

/** Between two looks at the clock: flows that have timed out, files to write out. */
const tickMs = 125;

export async function captureLive(filter: string, options: CaptureOptions, global: GlobalOptions): Promise<void> {
  const note = (text: string): void => void (global.quiet || process.stderr.write(`${text}\n`));
  const most = options.count ?? Number.POSITIVE_INFINITY;
  const stopping = new AbortController();
  const outputs = await LiveOutputs.open(options, global);
  const capture = await start(filter, options, { outputs, most, stopping }).catch(async (error: unknown) => {
    await outputs.abandon();
    throw error;
  });
  note(`capturing on ${options.interface}${filter === '' ? '' : `, ${filter}`}; end with Ctrl-C`);
  const forget = onInterrupt(() => outputs.endFile());
  // The first Ctrl-C ends the capture and lets everything come to its end; a second one ends the program.
  stopOnInterrupt(stopping);
  stopping.signal.addEventListener('abort', () => void capture.stop().catch(() => {}), { once: true });
  if (stopping.signal.aborted) void capture.stop().catch(() => {});
  let told = 0;
  const tick = (): void => {
    outputs.tick(Date.now());
    if (outputs.fault !== undefined) stopping.abort();
    const { dropped } = capture.counts;
    if (dropped === null || dropped <= told) return;
    note(`weir: the kernel has dropped ${dropped} packets: capture less (a filter, -s 96), raise -B, or use --no-immediate`);
    told = dropped;
  };
  const timers = [setInterval(tick, tickMs)];
  if (options.duration !== undefined) timers.push(setTimeout(() => stopping.abort(), options.duration));
  try {
    await capture.ended;
  } finally {
    for (const timer of timers) clearInterval(timer);
    forget();
    await outputs.close();
    const { packets, received, dropped } = capture.counts;
    note(
      `${formatCounted(Math.min(packets, most), 'packet')} captured, ${received ?? 'unknown'} received by the filter, ${dropped ?? 'unknown'} dropped by the kernel`,
    );
    if (outputs.notShown > 0) note(`${outputs.notShown} packets were not shown: what is printed was not read fast enough`);
  }
  if (outputs.fault !== undefined) throw outputs.fault;
}

type Wanted = { outputs: LiveOutputs; most: number; stopping: AbortController };

/** Starts to capture; behind the last packet that is wanted nothing goes anywhere. */
function start(filter: string, options: CaptureOptions, { outputs, most, stopping }: Wanted): Promise<LiveCapture> {
  return LiveCapture.start(
    requestOf(filter, options),
    (octets, offset, packet, link, result, number) => {
      if (number > most) return;
      outputs.take(octets, offset, packet, link, result, number);
      if (number >= most) stopping.abort();
    },
    () => outputs.print(),
  );
}

const requestOf = (filter: string, { interface: name, snap, buffer, promiscuous, immediate, tool }: CaptureOptions): CaptureRequest => ({
  interface: name,
  filter,
  snapLength: snap,
  bufferKib: Math.max(1, Math.round(buffer / 1024)),
  isPromiscuous: promiscuous === true,
  isImmediate: immediate,
  tool,
});
