import type { SocketAddress } from './address.ts';
import type { Allowed } from './allowed.ts';
import { newCounters } from './counters.ts';
import { DatagramListener } from './datagram-listener.ts';
import type { Frame } from './frame.ts';
import type { Framing } from './framing/framing.ts';
import type { Limits } from './limits.ts';
import type { OpenListener } from './open-listener.ts';
import { type Destination, Outlet } from './outlet.ts';
import type { Peer } from './peer.ts';
import { StreamListener } from './stream-listener.ts';

/** What a listener is to do. */
export type ListenerPlan = {
  readonly name: string;
  readonly address: SocketAddress;
  readonly framing: Framing;
  /** Where frames go, as it was written. */
  readonly to: string;
};

export type ListenerOptions = {
  limits: Limits;
  allowed: Allowed;
  /** Opens where frames go, at each start. */
  openDestination(): Promise<Destination>;
  now(): number;
  /** A fault of the destination or of the socket, for the log. */
  onFault(error: unknown): void;
};

export type ListenerState = 'stopped' | 'listening' | 'stopping' | 'failed';

/** A listener with all that it counts. It may be started and stopped again and again; counters go on. */
export class Listener {
  readonly plan: ListenerPlan;
  readonly counters = newCounters();
  state: ListenerState = 'stopped';
  /** Why it is not listening. */
  reason: string | undefined;
  /** When it was started last, milliseconds since 1970. */
  since: number | undefined;
  readonly #options: ListenerOptions;
  readonly #watchers = new Set<(frame: Frame) => void>();
  #open: OpenListener | undefined;
  #outlet: Outlet | undefined;
  #past = { delivered: 0, refused: 0, lost: 0 };
  #turn: Promise<unknown> = Promise.resolve();

  constructor(plan: ListenerPlan, options: ListenerOptions) {
    this.plan = plan;
    this.#options = options;
  }

  /** Where it listens, with the port that the system chose. */
  get bound(): SocketAddress | undefined {
    return this.#open?.bound;
  }

  get outcome(): { delivered: number; refused: number; lost: number; waiting: number; lastReason?: string } {
    const { delivered = 0, refused = 0, lost = 0 } = this.#outlet?.counts ?? {};
    const { lastReason } = this.#outlet ?? {};
    return {
      delivered: this.#past.delivered + delivered,
      refused: this.#past.refused + refused,
      lost: this.#past.lost + lost,
      waiting: this.#outlet?.waiting ?? 0,
      ...(lastReason !== undefined && { lastReason }),
    };
  }

  /** Who is connected; of UDP, who has sent. */
  peers(): readonly Peer[] {
    return this.#open?.peers() ?? [];
  }

  /** Datagrams that the kernel dropped; undefined for streams. */
  async kernelDrops(): Promise<number | undefined> {
    return await this.#open?.kernelDrops?.();
  }

  /** Calls back with each frame, before it is delivered, until the answer is called. */
  watch(watcher: (frame: Frame) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Opens it; nothing happens to one that is open. Throws what the system says. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#open !== undefined) return;
      try {
        await this.#start();
      } catch (error) {
        this.state = 'failed';
        this.reason = error instanceof Error ? error.message : String(error);
        throw error;
      }
    });
  }

  /** Takes nobody any more, lets those who are there end, delivers what came. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const open = this.#open;
      const outlet = this.#outlet;
      if (open === undefined || outlet === undefined) return;
      this.state = 'stopping';
      await open.close();
      await outlet.close();
      const { delivered, refused, lost } = this.outcome;
      this.#past = { delivered, refused, lost };
      this.#open = undefined;
      this.#outlet = undefined;
      this.state = 'stopped';
    });
  }

  async #start(): Promise<void> {
    const { plan, counters } = this;
    const { limits, allowed, now, onFault } = this.#options;
    const destination = await this.#options.openDestination();
    const outlet = new Outlet(destination, { most: limits.queue, onRoom: () => this.#open?.goOn(), onFault });
    const onFrame = (frame: Frame) => {
      for (const watcher of this.#watchers) watcher(frame);
    };
    const options = { framing: plan.framing, limits, allowed, counters, outlet, now, onFrame, onFault };
    const { address } = plan;
    try {
      this.#open = await (address.kind === 'udp' ? DatagramListener.open(address, options) : StreamListener.open(address, options));
    } catch (error) {
      await outlet.close();
      throw error;
    }
    this.#outlet = outlet;
    this.state = 'listening';
    this.reason = undefined;
    this.since = now();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
