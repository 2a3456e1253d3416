import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TakeBlock } from '../core/block-stream.ts';
import type { Caller } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import { type Note, noteOf } from '../core/note.ts';
import { Problem } from '../core/problem.ts';
import { RoomSwitch } from '../core/room-switch.ts';
import { type Deliver, Spool } from '../flows/live/index.ts';
import { type CaptureRequest, captureDefaults } from '../packets/capture/index.ts';
import type { Capture, CaptureOrder } from './capture.ts';
import type { ThreadNews } from './capture-thread.ts';
import type { CapturesConfig } from './config.ts';
import { RunningCapture } from './running-capture.ts';

/** What the room needs of the house. */
export type CapturesDependencies = {
  dataFolder: string;
  clock: Clock;
  log: { warn(facts: object, text: string): void };
  /** True when only this machine reaches the server. */
  isLoopback: boolean;
  note?(entry: Note): Promise<void>;
  /** Takes a file of flows into the store; absent where there is none. */
  deliver?: Deliver;
};

/** The room of captures. Inert until `start`. */
export class Captures {
  readonly config: CapturesConfig;
  readonly #deps: CapturesDependencies;
  readonly #switch: RoomSwitch;
  readonly #folder: string;
  readonly #captures = new Map<number, Capture>();
  readonly #running = new Map<number, RunningCapture>();
  readonly #spool: Spool | undefined;
  #next = 1;

  constructor(config: CapturesConfig, deps: CapturesDependencies) {
    this.config = config;
    this.#deps = deps;
    this.#switch = new RoomSwitch({ room: 'captures', does: 'capture', enabled: config.enabled, isLoopback: deps.isLoopback });
    this.#folder = join(deps.dataFolder, 'captures');
    const tell = (problem: string | null): void => void (problem && deps.log.warn({ problem }, 'flows of captures wait'));
    this.#spool = deps.deliver === undefined ? undefined : new Spool(join(this.#folder, 'spool'), deps.deliver, tell);
  }

  /** Packets, bytes and drops of what runs now, and how many run. */
  get totals(): { running: number; packets: number; bytes: number; dropped: number } {
    const all = [...this.#captures.values()];
    const sum = (read: (capture: Capture) => number): number => all.reduce((total, one) => total + read(one), 0);
    return {
      running: this.#running.size,
      packets: sum(({ counts }) => counts.packets),
      bytes: sum(({ counts }) => counts.octets),
      dropped: sum(({ counts }) => counts.dropped ?? 0),
    };
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#spool?.open();
    for (const name of await readdir(this.#folder)) {
      if (!/^\d+\.json$/.test(name)) continue;
      const capture = await this.#read(name).catch(() => undefined);
      if (capture !== undefined) this.#captures.set(capture.id, capture);
    }
    this.#next = Math.max(0, ...this.#captures.keys()) + 1;
  }

  /** Ends what runs; files and flows are whole when this resolves. */
  async stop(): Promise<void> {
    for (const running of this.#running.values()) running.stop();
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended));
    while (this.#running.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await this.#spool?.close();
  }

  /** All captures, the latest first. */
  all(): readonly Capture[] {
    return [...this.#captures.values()].sort((a, b) => b.id - a.id);
  }

  /** Throws `not-found`. */
  get(id: number): Capture {
    const capture = this.#captures.get(id);
    if (capture === undefined) throw new Problem('not-found', `There is no capture ${id}.`);
    return capture;
  }

  isAllowed(name: string): boolean {
    const { interfaces } = this.config;
    return interfaces.length === 0 || interfaces.includes(name);
  }

  /** Starts a capture: it runs when this resolves. Throws `denied`, `exhausted`, and what a capture that cannot start does. */
  async begin(order: CaptureOrder, caller: Caller): Promise<Capture> {
    this.#switch.require();
    if (!this.isAllowed(order.interface))
      throw new Problem('denied', `Nothing may be captured on ${order.interface}.`, {
        detail: 'captures.interfaces does not name it',
        pointer: 'interface',
      });
    if (this.#running.size >= this.config.atOnce)
      throw new Problem('exhausted', `${this.config.atOnce} captures run already.`, { hint: 'stop one of them, or raise captures.atOnce' });
    if (order.flows === true && this.#spool === undefined) throw new Problem('unavailable', 'There is no store for flows here.');
    const id = this.#next++;
    const now = this.#deps.clock.now();
    const counts = { packets: 0, octets: 0, received: null, dropped: null };
    const capture: Capture = { id, state: 'running', order, user: caller.name, started: now, counts, bytes: 0, flows: 0 };
    const running = new RunningCapture(this.#threadOrder(id, order), (news) => this.#hear(capture, news));
    this.#running.set(id, running);
    try {
      await running.running;
    } catch (error) {
      this.#running.delete(id);
      throw error;
    }
    this.#captures.set(id, capture);
    void running.ended.then(
      () => this.#end(capture, 'done'),
      (error: unknown) => this.#end(capture, 'failed', error instanceof Error ? error.message : String(error)),
    );
    await this.#write(capture);
    await this.#forgetOldest();
    await this.note(caller, 'captures.start', String(id), `${order.interface} ${order.filter ?? ''}`.trim().slice(0, 1000));
    return capture;
  }

  /** Ends a capture; its file is whole when this resolves. Throws `not-found`, `conflict` when it is over. */
  async end(id: number, caller: Caller): Promise<Capture> {
    const capture = this.get(id);
    const running = this.#running.get(id);
    if (running === undefined) throw new Problem('conflict', `Capture ${id} is over already.`);
    running.stop();
    await running.ended.catch(() => {});
    await this.note(caller, 'captures.stop', String(id));
    return { ...capture, state: capture.state === 'running' ? 'done' : capture.state };
  }

  /** Forgets a capture that is over, with its file. Throws `not-found`, `conflict`. */
  async forget(id: number, caller: Caller): Promise<void> {
    this.get(id);
    if (this.#running.has(id)) throw new Problem('conflict', `Capture ${id} is not over.`, { hint: 'stop it first' });
    await this.#remove(id);
    await this.note(caller, 'captures.forget', String(id));
  }

  /** Where its packets are, and how many bytes of them are whole now. Throws `not-found`, also where none were kept. */
  async file(id: number): Promise<{ path: string; bytes: number }> {
    const { order } = this.get(id);
    const path = this.#pathOf(id);
    for (const one of order.file === false ? [] : [path, `${path}.part`]) {
      const found = await stat(one).catch(() => undefined);
      if (found !== undefined) return { path: one, bytes: found.size };
    }
    throw new Problem('not-found', `Capture ${id} has no file.`, {
      detail: order.file === false ? 'it was started without one' : 'no packet came',
    });
  }

  /** Packets from now on, as lines of JSON; ends with the capture or the signal. Throws `not-found`, `conflict` when it is over, `invalid`. */
  async follow(id: number, where: string | undefined, signal: AbortSignal, onBlock: TakeBlock): Promise<void> {
    this.get(id);
    const running = this.#running.get(id);
    if (running === undefined)
      throw new Problem('conflict', `Capture ${id} is over.`, { hint: `/api/v1/captures/${id}/file has its packets` });
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    void running.ended.catch(() => {}).finally(() => over.abort());
    await running.follow(where === undefined ? {} : { where }, both, onBlock).catch((error: unknown) => {
      if (!both.aborted && !running.isOver) throw error;
    });
  }

  async note(caller: Caller, action: string, target: string, note?: string): Promise<void> {
    await this.#deps.note?.(noteOf(caller, { action, target, ...(note !== undefined && { note }) }));
  }

  #threadOrder(id: number, order: CaptureOrder) {
    const { buffer, tool, packets, size, time } = this.config;
    const request: CaptureRequest = {
      interface: order.interface,
      filter: order.filter ?? '',
      snapLength: order.snap ?? captureDefaults.snapLength,
      bufferKib: Math.round(buffer / 1024),
      isPromiscuous: order.promiscuous ?? false,
      isImmediate: order.immediate ?? true,
      tool,
    };
    const prefix = `c${id}t${this.#deps.clock.now().toString(36)}`;
    return {
      request,
      path: order.file === false ? undefined : this.#pathOf(id),
      spool: order.flows === true && this.#spool !== undefined ? { folder: this.#spool.folder, prefix, idleMs: order.idle } : undefined,
      packets: Math.min(packets, order.packets ?? packets),
      octets: Math.min(size, order.size ?? size),
      timeMs: Math.min(time, order.time ?? time),
    };
  }

  #hear(capture: Capture, { counts, bytes, flows, hasFlows }: ThreadNews): void {
    Object.assign(capture, { counts, bytes, flows });
    if (hasFlows) this.#spool?.poke();
  }

  async #end(capture: Capture, state: 'done' | 'failed', reason?: string): Promise<void> {
    Object.assign(capture, { state, ended: this.#deps.clock.now(), ...(reason !== undefined && { reason }) });
    this.#spool?.poke();
    await this.#write(capture).catch((err: unknown) =>
      this.#deps.log.warn({ err, capture: capture.id }, 'how a capture ended could not be kept'),
    );
    this.#running.delete(capture.id);
  }

  #pathOf(id: number): string {
    return join(this.#folder, `${id}.pcap`);
  }

  async #write(capture: Capture): Promise<void> {
    const path = join(this.#folder, `${capture.id}.json`);
    await writeFile(`${path}.part`, JSON.stringify(capture), { mode: 0o600 });
    await rename(`${path}.part`, path);
  }

  /** What an earlier server has left: what ran then was interrupted, and what of its file was written is kept. */
  async #read(name: string): Promise<Capture> {
    const capture = JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as Capture;
    if (capture.state !== 'running') return capture;
    const path = this.#pathOf(capture.id);
    await rename(`${path}.part`, path).catch(() => {}); // there was none
    const ended: Capture = { ...capture, state: 'interrupted', reason: 'its server went away' };
    await this.#write(ended);
    return ended;
  }

  async #forgetOldest(): Promise<void> {
    const over = this.all().filter(({ id }) => !this.#running.has(id));
    for (const { id } of over.slice(Math.max(0, this.config.kept - this.#running.size))) await this.#remove(id);
  }

  async #remove(id: number): Promise<void> {
    for (const path of [this.#pathOf(id), `${this.#pathOf(id)}.part`, join(this.#folder, `${id}.json`)]) await rm(path, { force: true });
    this.#captures.delete(id);
  }
}
