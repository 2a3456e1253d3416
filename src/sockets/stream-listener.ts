import { createServer, type Server, type Socket } from 'node:net';
import type { SocketAddress } from './address.ts';
import { hostAndPort, plainHost } from './address.ts';
import { isAllowed } from './allowed.ts';
import { bindServer } from './bind.ts';
import { countFault } from './counters.ts';
import type { OpenListener, OpenOptions } from './open-listener.ts';
import { StreamPeer } from './stream-peer.ts';

/** A TCP or Unix listener while it is open. */
export class StreamListener implements OpenListener {
  bound: SocketAddress;
  readonly #server: Server;
  readonly #options: OpenOptions;
  readonly #peers = new Set<StreamPeer>();
  readonly #ofHost = new Map<string, number>();
  #connections = 0;

  private constructor(server: Server, bound: SocketAddress, options: OpenOptions) {
    this.#server = server;
    this.bound = bound;
    this.#options = options;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('drop', () => options.counters.turnedAway.limit++);
  }

  static async open(address: Exclude<SocketAddress, { kind: 'udp' }>, options: OpenOptions): Promise<StreamListener> {
    // Half open: `printf … | nc` closes its side and still wants to hear that we have it all.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.maxConnections = options.limits.connections;
    const bound = await bindServer(server, address);
    return new StreamListener(server, bound, options);
  }

  peers(): readonly StreamPeer[] {
    return [...this.#peers];
  }

  /** Goes on with those that were held back. */
  goOn(): void {
    for (const peer of this.#peers) peer.goOn();
  }

  /** Takes nobody any more, and gives those who are there `graceMs` to end. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const peer of this.#peers) peer.end();
    const late = setTimeout(() => {
      for (const peer of this.#peers) peer.destroy();
    }, this.#options.limits.graceMs);
    await closed;
    clearTimeout(late);
  }

  #accept(socket: Socket): void {
    const { counters, limits, outlet, framing, now, onFrame } = this.#options;
    const isUnix = this.bound.kind === 'unix';
    // Without an address it was gone before we looked.
    if (socket.remoteAddress === undefined && !isUnix) return void socket.destroy();
    const key = isUnix ? 'unix' : plainHost(socket.remoteAddress as string);
    const why = isUnix ? undefined : this.#judge(key);
    if (why !== undefined) {
      counters.turnedAway[why]++;
      return void socket.on('error', () => {}).resetAndDestroy();
    }
    const count = this.#ofHost.get(key) ?? 0;
    counters.accepted++;
    this.#ofHost.set(key, count + 1);
    const peer = new StreamPeer(socket, {
      connection: ++this.#connections,
      address: isUnix ? 'unix' : hostAndPort(key, socket.remotePort ?? 0),
      framing,
      limits,
      now,
      take: (frame) => {
        counters.frames++;
        onFrame(frame);
        outlet.add(frame);
      },
      count: (bytes) => {
        counters.bytes += bytes;
      },
      isFull: () => outlet.isFull,
      settle: () => outlet.settle(),
      onFault: (fault) => countFault(counters, fault),
    });
    this.#peers.add(peer);
    socket.once('close', () => {
      this.#peers.delete(peer);
      const left = (this.#ofHost.get(key) ?? 1) - 1;
      if (left === 0) this.#ofHost.delete(key);
      else this.#ofHost.set(key, left);
    });
  }

  #judge(host: string): 'network' | 'limit' | undefined {
    const { allowed, limits } = this.#options;
    if (!isAllowed(allowed, host)) return 'network';
    return (this.#ofHost.get(host) ?? 0) >= limits.perAddress ? 'limit' : undefined;
  }
}
