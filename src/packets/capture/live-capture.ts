/**
 * A capture that runs: tcpdump or dumpcap as a child, its packets decoded as they come. The pipe is always read on: whoever
 * is slow behind it drops for himself, for what waits in the pipe the kernel drops.
 *
 *   starting ── header of the stream ── running ── stop, end of the child ── ended
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Problem } from '../../core/problem.ts';
import { decode } from '../decode.ts';
import { findInterface } from '../interfaces/list.ts';
import type { CaptureInterface } from '../link.ts';
import type { Packet } from '../packet.ts';
import { createCaptureReader } from '../reader.ts';
import { captureCommand } from './command.ts';
import { checkFilter, missing } from './filter-check.ts';
import type { CaptureRequest } from './request.ts';
import { childEnvironment } from './run.ts';

/** What the child has counted; null until it told. `received` counts packets of loopback twice. */
export type CaptureCounts = { packets: number; octets: number; received: number | null; dropped: number | null };

/** Takes each packet; nothing of it may be kept. */
export type PacketTaker = (view: DataView, offset: number, packet: Packet, link: CaptureInterface, result: number, number: number) => void;

/** How often the child is asked for its counts. */
const askEveryMs = 5000;
/** After SIGINT, how long until SIGTERM, and how long from there until SIGKILL. */
const patienceMs = 3000;
const errorTail = 4096;

export class LiveCapture {
  readonly request: CaptureRequest;
  readonly counts: CaptureCounts = { packets: 0, octets: 0, received: null, dropped: null };
  /** Resolves when packets are being captured; rejects with the reason where they never will. */
  readonly running: Promise<void>;
  /** Resolves at the end, when all packets were taken; rejects with the reason of a bad one. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #take: PacketTaker;
  readonly #onBlock: () => void;
  #said = '';
  #isStopping = false;
  #timers: NodeJS.Timeout[] = [];
  #settleRunning = Promise.withResolvers<void>();

  private constructor(request: CaptureRequest, child: ChildProcess, take: PacketTaker, onBlock: () => void) {
    this.request = request;
    this.#child = child;
    this.#take = take;
    this.#onBlock = onBlock;
    this.running = this.#settleRunning.promise;
    this.running.catch(() => {}); // whoever starts it awaits it
    this.ended = this.#read();
    this.ended.catch((error: unknown) => this.#settleRunning.reject(error));
  }

  /**
   * Checks what was asked for and starts to capture. `onBlock` is called behind each block of packets.
   * Throws `not-found` for an unknown interface, `invalid` for a wrong filter, `unavailable` and `denied` as `running` does.
   */
  static async start(request: CaptureRequest, take: PacketTaker, onBlock: () => void = () => {}): Promise<LiveCapture> {
    const known = await findInterface(request.interface);
    if (known === undefined)
      throw new Problem('not-found', `There is no interface ${JSON.stringify(request.interface)}.`, { hint: 'weir packets interfaces' });
    if (!known.isCapturable) throw new Problem('conflict', `Nothing can be captured on ${known.name}.`, { detail: known.reason ?? '' });
    if (request.filter !== '') await checkFilter(request.filter, known.linkType, request.tool);
    const { command, args } = await captureCommand(request);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: childEnvironment() });
    const capture = new LiveCapture(request, child, take, onBlock);
    await capture.running;
    return capture;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What the program said so far: its last words. */
  get said(): string {
    return this.#said;
  }

  /** Ends the capture; what is on its way still comes. */
  async stop(): Promise<void> {
    this.#stop();
    await this.ended;
  }

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#child.kill('SIGINT');
    this.#timers.push(
      setTimeout(() => this.#child.kill('SIGTERM'), patienceMs),
      setTimeout(() => this.#child.kill('SIGKILL'), 2 * patienceMs),
    );
  }

  async #read(): Promise<void> {
    const ending = this.#endOfChild();
    ending.catch(() => {}); // awaited below
    let number = 0;
    const reader = createCaptureReader({
      frame: (view, offset, packet, link) => {
        const result = decode(link.linkType, view, offset, packet);
        this.counts.packets = ++number;
        this.counts.octets += packet.original;
        this.#take(view, offset, packet, link, result, number);
      },
    });
    try {
      for await (const block of this.#child.stdout as AsyncIterable<Uint8Array>) {
        reader.push(block);
        if (reader.interfaces.length > 0) this.#begin();
        this.#onBlock();
      }
      const status = await ending;
      // With nothing captured it may end before its header: no fault where we have ended it.
      if (reader.octets > 0 || !this.#isStopping) this.#judge(status, reader.octets);
    } finally {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#child.kill('SIGKILL');
      this.#settleRunning.resolve();
    }
  }

  #hasBegun = false;
  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#settleRunning.resolve();
    if (this.request.tool === 'tcpdump') this.#timers.push(setInterval(() => this.#child.kill('SIGUSR1'), askEveryMs));
  }

  #judge(status: number | null, octets: number): void {
    if (this.#isStopping || (status === 0 && octets > 0)) return;
    throw captureFault(this.request, this.#said.trim(), status);
  }

  #endOfChild(): Promise<number | null> {
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    return new Promise((resolve, reject) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) => reject(missing(this.request.tool, error.message)));
      this.#child.once('close', resolve);
    });
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-errorTail);
    const received =
      lastNumber(this.#said, /(\d+) packets? received by filter/g) ??
      lastNumber(this.#said, /received\/dropped on interface '[^']*': (\d+)\//g);
    const dropped =
      lastNumber(this.#said, /(\d+) packets? dropped by kernel/g) ??
      lastNumber(this.#said, /received\/dropped on interface '[^']*': \d+\/(\d+)/g);
    if (received !== undefined) this.counts.received = received;
    if (dropped !== undefined) this.counts.dropped = dropped;
  }
}

function lastNumber(text: string, form: RegExp): number | undefined {
  const found = [...text.matchAll(form)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** What the programs say, in our words, with what helps. */
function captureFault({ interface: name, tool }: CaptureRequest, said: string, status: number | null): Problem {
  const detail = said.slice(-1000);
  if (/permission|not permitted|EPERM/i.test(said)) {
    return new Problem('denied', `This user may not capture on ${name}.`, {
      detail,
      hint: `sudo setcap cap_net_raw+ep "$(readlink -f "$(command -v ${tool})")"; for a service: AmbientCapabilities=CAP_NET_RAW in its unit`,
    });
  }
  if (/No such device|SIOCGIFHWADDR|that device/i.test(said)) return new Problem('not-found', `The interface ${name} is gone.`, { detail });
  if (/went down|is not up/i.test(said)) return new Problem('conflict', `The interface ${name} went down.`, { detail });
  if (/not found|No such file/i.test(said)) return missing(tool, detail);
  return new Problem('unavailable', `${tool} has ended before its time.`, { detail: detail || `it stopped with ${status}` });
}
