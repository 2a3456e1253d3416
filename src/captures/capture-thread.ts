/** The thread of one capture: child, file, flows, and lines for those who look on. The server's own thread never waits for packets. */
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { Problem } from '../core/problem.ts';
import { type CallContext, serveCalls } from '../core/thread.ts';
import { LiveFlows } from '../flows/live/index.ts';
import { type CaptureCounts, CaptureFiles, type CaptureRequest, LiveCapture, type PacketTaker } from '../packets/capture/index.ts';
import { loadViews, type PacketView } from '../packets/commands/index.ts';

export type ThreadOrder = {
  request: CaptureRequest;
  path: string | undefined;
  /** Where files of flows go, with the first part of their names. */
  spool: { folder: string; prefix: string; idleMs: number | undefined } | undefined;
  packets: number;
  octets: number;
  timeMs: number;
};

/** What is told while it runs: `hasFlows` when a file of the spool is ready. */
export type ThreadNews = { counts: CaptureCounts; bytes: number; flows: number; isRunning: boolean; hasFlows: boolean };

export type FollowOrder = { where?: string };

const tickMs = 125;
const cutMs = 250;

let take: PacketTaker | undefined;
let stop: (() => void) | undefined;
const onlookers = new Set<Onlooker>();

/** One who looks on: lines while there is room for them; what he does not read in time is left out, and counted. */
class Onlooker {
  readonly view: PacketView;
  readonly #context: CallContext;
  #blocks: Uint8Array<ArrayBuffer>[] = [];
  #isSending = false;
  notShown = 0;

  constructor(view: PacketView, context: CallContext) {
    this.view = view;
    this.#context = context;
  }

  /** Everything shown so far has been handed over. */
  get isIdle(): boolean {
    return this.#blocks.length === 0 && !this.#isSending;
  }

  get isBusy(): boolean {
    return this.#blocks.length > 16;
  }

  add(block: Uint8Array): void {
    this.#blocks.push(Uint8Array.from(block));
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) await this.#context.send(block);
    } catch {
      onlookers.delete(this); // he has gone
    } finally {
      this.#isSending = false;
    }
  }
}

async function run(order: ThreadOrder, context: CallContext): Promise<void> {
  const files = order.path === undefined ? undefined : new CaptureFiles(order.path, {});
  const flows =
    order.spool === undefined
      ? undefined
      : new LiveFlows(order.spool.folder, order.spool.prefix, order.spool.idleMs === undefined ? {} : times(order.spool.idleMs));
  const ending = Promise.withResolvers<void>();
  let bytes = 24;
  take = (view, offset, packet, link, result, number) => {
    if (number > order.packets || bytes + 16 + packet.captured > order.octets) return ending.resolve();
    bytes += 16 + packet.captured;
    files?.add(view, offset, packet, link);
    if (result === 0) flows?.add(packet);
    for (const one of onlookers) {
      if (one.isBusy) one.notShown++;
      else one.view.take(view, offset, packet, link, result, number);
    }
    if (number >= order.packets) ending.resolve();
  };
  const capture = await LiveCapture.start(order.request, take, () => {
    for (const { view } of onlookers) view.flush();
  });
  stop = ending.resolve;
  let hasFlows = false;
  let [cutting, lastCut] = [Promise.resolve(), Date.now()];
  const tell = (): void => {
    context.tell({ counts: capture.counts, bytes, flows: flows?.flows ?? 0, isRunning: true, hasFlows } satisfies ThreadNews);
    hasFlows = false;
  };
  tell();
  const tick = (): void => {
    const now = Date.now();
    files?.flush();
    flows?.tick(now);
    if (flows !== undefined && now - lastCut >= cutMs) {
      lastCut = now;
      const before = flows.flows;
      cutting = cutting
        .then(() => flows.cut())
        .then(() => {
          hasFlows ||= before > 0;
        }, ending.reject);
    }
    tell();
  };
  const timers = [setInterval(tick, tickMs), setTimeout(() => ending.resolve(), order.timeMs)];
  try {
    await Promise.race([ending.promise, capture.ended]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    await capture.stop().catch((error: unknown) => ending.reject(error));
    files?.end();
    await cutting;
    await flows?.end();
    hasFlows = true;
    tell();
    // Who looks on gets the last packets, too, unless he reads no more.
    for (const { view } of onlookers) view.end();
    for (let waits = 0; waits < 50 && [...onlookers].some((one) => !one.isIdle); waits++) await pause(20);
  }
  await ending.promise.catch((error: unknown) => {
    throw error instanceof Problem ? error : new Problem('unavailable', 'The capture could not go on.', { detail: String(error) });
  });
}

const times = (idleMs: number) => ({ idleMs, udpIdleMs: idleMs, icmpIdleMs: idleMs });

async function follow({ where }: FollowOrder, context: CallContext): Promise<void> {
  const { openView } = await loadViews();
  const options = { form: 'ndjson', separator: '\\t', time: 'clock', ...(where !== undefined && { where }) } as const;
  const view = openView(options, true, (block) => one.add(block));
  const one = new Onlooker(view, context);
  onlookers.add(one);
  await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }));
  onlookers.delete(one);
}

if (parentPort === null) throw new Error('capture-thread.ts runs as a worker thread');
serveCalls(parentPort, {
  run,
  follow,
  stop: async () => stop?.(),
});
