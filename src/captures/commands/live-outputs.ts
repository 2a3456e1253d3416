import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import { FlowSender, openFlowsAt } from '../../flows/live/index.ts';
import { CaptureFiles, type PacketTaker } from '../../packets/capture/index.ts';
import { loadViews, type PacketView, type ShowOptions } from '../../packets/commands/index.ts';
import type { CaptureOptions } from './capture-options.ts';

/** Octets that may wait for whoever reads what is printed; beyond that packets are not shown, and counted. */
const mostUnread = 8_388_608;

type Parts = { view: PacketView | undefined; files: CaptureFiles | undefined; flows: FlowSender | undefined };

/** Where the packets of a live capture go: what is printed, files, flows; each where it was asked for. */
export class LiveOutputs {
  readonly #parts: Parts;
  #notShown = 0;
  #fault: unknown;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Opens what the options ask for; packets are printed where nothing else is. Throws what is wrong before anything is captured. */
  static async open(options: CaptureOptions, global: GlobalOptions): Promise<LiveOutputs> {
    const hasFlows = options.flows === true || options.to !== undefined;
    const isPrinting = options.print === true || (options.write === undefined && !hasFlows);
    const view = isPrinting ? await openLiveView(options, global.json === true) : undefined;
    const files = options.write === undefined ? undefined : new CaptureFiles(options.write, rotationOf(options));
    files?.check();
    const flows = hasFlows ? await openSender(options, global) : undefined;
    return new LiveOutputs({ view, files, flows });
  }

  /** Packets that were not shown since nobody read what is printed. */
  get notShown(): number {
    return this.#notShown;
  }

  /** What a file could not be written for: then there is no use in going on. */
  get fault(): unknown {
    return this.#fault;
  }

  readonly take: PacketTaker = (octets, offset, packet, link, result, number) => {
    const { view, files, flows } = this.#parts;
    files?.add(octets, offset, packet, link);
    if (result === 0) flows?.add(packet);
    if (view === undefined) return;
    if (process.stdout.writableLength > mostUnread) this.#notShown++;
    else view.take(octets, offset, packet, link, result, number);
  };

  /** Prints what came until now. */
  print(): void {
    this.#parts.view?.flush();
  }

  /** Writes out what came until now, and ends flows that have timed out; `nowMs` is the time of day. */
  tick(nowMs: number): void {
    const { view, files, flows } = this.#parts;
    view?.tick?.(nowMs / 1000 - 1);
    view?.flush();
    flows?.tick(nowMs);
    try {
      files?.flush();
    } catch (error) {
      this.#fault ??= error;
    }
  }

  /** Ends the file that is being written, whatever becomes of the rest. */
  endFile(): void {
    this.#parts.files?.end();
  }

  /** The capture is over: all is printed, written and sent. A file that was asked for is there, even when nothing came. */
  async close(): Promise<void> {
    const { view, files } = this.#parts;
    view?.end();
    if (files !== undefined && files.growing === undefined && files.files.length === 0) files.open(1, 0);
    files?.end();
    await this.abandon();
  }

  /** There was no capture. */
  async abandon(): Promise<void> {
    await this.#parts.flows?.close();
  }
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

function rotationOf({ turnSize, turnTime, turnPackets, keep }: CaptureOptions) {
  if (keep !== undefined && turnSize === undefined && turnTime === undefined && turnPackets === undefined)
    throw new Problem('invalid', '--keep needs a rule by which files are turned.', { hint: '-C 100MB, -G 5m or --turn-packets 100000' });
  return { octets: turnSize, seconds: turnTime === undefined ? undefined : turnTime / 1000, packets: turnPackets, keep };
}
