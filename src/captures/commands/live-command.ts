/** `weir packets capture` at work: one capture, and what is wanted of it. */
import type { GlobalOptions } from '../../cli/command.ts';
import { formatCounted } from '../../cli/format.ts';
import { onInterrupt, stopOnInterrupt } from '../../cli/interrupt.ts';
import { Problem } from '../../core/problem.ts';
import { FlowSender, openFlowsAt } from '../../flows/live/index.ts';
import { CaptureFiles, type CaptureRequest, LiveCapture } from '../../packets/capture/index.ts';
import { loadViews, type PacketView, type ShowOptions } from '../../packets/commands/index.ts';
import type { CaptureOptions } from './capture-options.ts';

/** Between two looks at the clock: flows that have timed out, files to write out. */
const tickMs = 125;
/** Octets that may wait for whoever reads what is printed; beyond that packets are not shown, and counted. */
const mostUnread = 8_388_608;

export async function captureLive(filter: string, options: CaptureOptions, global: GlobalOptions): Promise<void> {
  const isPrinting = options.print === true || (options.write === undefined && options.flows !== true && options.to === undefined);
  const view = isPrinting ? await openLiveView(options, global.json === true) : undefined;
  const files = options.write === undefined ? undefined : new CaptureFiles(options.write, rotationOf(options));
  files?.check();
  const flows = options.flows === true || options.to !== undefined ? await openSender(options, global) : undefined;
  const stopping = new AbortController();
  let notShown = 0;
  const most = options.count ?? Number.POSITIVE_INFINITY;
  let capture: LiveCapture;
  try {
    capture = await LiveCapture.start(
      requestOf(filter, options),
      (octets, offset, packet, link, result, number) => {
        if (number > most) return;
        files?.add(octets, offset, packet, link);
        if (result === 0) flows?.add(packet);
        if (view !== undefined) {
          if (process.stdout.writableLength > mostUnread) notShown++;
          else view.take(octets, offset, packet, link, result, number);
        }
        if (number >= most) stopping.abort();
      },
      () => view?.flush(),
    );
  } catch (error) {
    await flows?.close();
    throw error;
  }
  const note = (text: string): void => void (global.quiet || process.stderr.write(`${text}\n`));
  note(`capturing on ${options.interface}${filter === '' ? '' : `, ${filter}`}; end with Ctrl-C`);
  const forget = onInterrupt(() => files?.end());
  // The first Ctrl-C ends the capture and lets everything come to its end; a second one ends the program.
  stopOnInterrupt(stopping);
  stopping.signal.addEventListener('abort', () => void capture.stop().catch(() => {}), { once: true });
  if (stopping.signal.aborted) void capture.stop().catch(() => {});
  const timers = [setInterval(() => tick(), tickMs)];
  if (options.duration !== undefined) timers.push(setTimeout(() => stopping.abort(), options.duration));
  let [told, fault] = [0, undefined as unknown];
  const tick = (): void => {
    const now = Date.now();
    view?.tick?.(now / 1000 - 1);
    view?.flush();
    flows?.tick(now);
    try {
      files?.flush();
    } catch (error) {
      fault ??= error;
      stopping.abort();
    }
    const { dropped } = capture.counts;
    if (dropped !== null && dropped > told) {
      note(`weir: the kernel has dropped ${dropped} packets: capture less (a filter, -s 96), raise -B, or use --no-immediate`);
      told = dropped;
    }
  };
  try {
    await capture.ended;
  } finally {
    for (const timer of timers) clearInterval(timer);
    forget();
    view?.end();
    if (files !== undefined && files.growing === undefined && files.files.length === 0) files.open(1, 0);
    files?.end();
    await flows?.close();
    const { packets, received, dropped } = capture.counts;
    note(
      `${formatCounted(Math.min(packets, most), 'packet')} captured, ${received ?? 'unknown'} received by the filter, ${dropped ?? 'unknown'} dropped by the kernel`,
    );
    if (notShown > 0) note(`${notShown} packets were not shown: what is printed was not read fast enough`);
  }
  if (fault !== undefined) throw fault;
}

async function openSender(options: CaptureOptions, { server, data, quiet }: GlobalOptions): Promise<FlowSender> {
  const place = options.to !== undefined ? { server: options.to } : data !== undefined ? { data } : { server };
  const { idle, idleUdp, active, uniflow, spool, spoolSize: spoolOctets } = options;
  const times = { idleMs: idle, udpIdleMs: idleUdp ?? idle, icmpIdleMs: idleUdp ?? idle, activeMs: active, uniflow };
  const meter = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  const target = 'server' in place ? place.server : place.data;
  return FlowSender.open({ port: await openFlowsAt(place), target, name: 'l', meter, spool, spoolOctets, isQuiet: quiet === true });
}

async function openLiveView(options: CaptureOptions, isJson: boolean): Promise<PacketView> {
  const { openView } = await loadViews();
  // Live JSON is a line for each packet: nobody waits for the end of a list.
  const shown: ShowOptions =
    isJson && options.form === 'lines' && !options.http && !options.handshakes ? { ...options, form: 'ndjson' } : options;
  return openView(shown, isJson && shown.form !== 'ndjson', (block) => void process.stdout.write(block));
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

function rotationOf({ turnSize, turnTime, turnPackets, keep }: CaptureOptions) {
  if (keep !== undefined && turnSize === undefined && turnTime === undefined && turnPackets === undefined)
    throw new Problem('invalid', '--keep needs a rule by which files are turned.', { hint: '-C 100MB, -G 5m or --turn-packets 100000' });
  return { octets: turnSize, seconds: turnTime === undefined ? undefined : turnTime / 1000, packets: turnPackets, keep };
}
