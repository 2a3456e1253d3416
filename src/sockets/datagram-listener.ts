import type { Socket } from 'node:dgram';
import { kernelDrops } from '../core/kernel-drops.ts';
import { hostAndPort, type NetworkAddress, plainHost } from './address.ts';
import { isAllowed } from './allowed.ts';
import { bindDatagrams } from './bind.ts';
import type { OpenListener, OpenOptions } from './open-listener.ts';
import type { Peer } from './peer.ts';

/** Asked for on each socket; the kernel gives no more than `net.core.rmem_max`. */
const receiveBuffer = 4 * 1024 * 1024;
/** Sources that are remembered; those that were silent longest are forgotten. */
const mostSources = 1000;

type Source = { -readonly [Member in keyof Peer]: Peer[Member] };

/** A UDP listener while it is open: each datagram is a frame. What nobody can take is dropped and counted: datagrams cannot wait. */
export class DatagramListener implements OpenListener {
  readonly bound: NetworkAddress;
  readonly #socket: Socket;
  readonly #options: OpenOptions;
  readonly #sources = new Map<string, Source>();

  private constructor(socket: Socket, bound: NetworkAddress, options: OpenOptions) {
    this.#socket = socket;
    this.bound = bound;
    this.#options = options;
    socket.on('message', (bytes, { address, port }) => this.#take(bytes, plainHost(address), port));
    socket.on('error', options.onFault);
  }

  static async open(address: NetworkAddress, options: OpenOptions): Promise<DatagramListener> {
    const { socket, bound } = await bindDatagrams(address, receiveBuffer);
    return new DatagramListener(socket, bound, options);
  }

  peers(): readonly Peer[] {
    return [...this.#sources.values()];
  }

  goOn(): void {}

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** Datagrams that the kernel dropped because the socket's buffer was full; undefined where it does not tell. */
  kernelDrops(): Promise<number | undefined> {
    return kernelDrops(this.bound.host, this.bound.port);
  }

  #take(bytes: Buffer, host: string, port: number): void {
    const { counters, limits, allowed, outlet, now, onFrame } = this.#options;
    if (!isAllowed(allowed, host)) return void counters.turnedAway.network++;
    // Node reads into 64 KiB, so it arrived whole: it is refused rather than cut.
    if (bytes.length > limits.datagram) return void counters.turnedAway.size++;
    if (outlet.isFull) return void counters.turnedAway.full++;
    const at = now();
    counters.accepted++;
    counters.frames++;
    counters.bytes += bytes.length;
    const frame = { bytes, peer: hostAndPort(host, port), connection: 0, at };
    this.#remember(frame.peer, bytes.length, at);
    onFrame(frame);
    outlet.add(frame);
  }

  #remember(address: string, bytes: number, at: number): void {
    const source = this.#sources.get(address) ?? { connection: 0, address, since: at, last: at, bytes: 0, frames: 0, isHeldBack: false };
    source.last = at;
    source.bytes += bytes;
    source.frames++;
    // Behind the others: the first of the map is who was silent longest.
    this.#sources.delete(address);
    this.#sources.set(address, source);
    if (this.#sources.size > mostSources) this.#sources.delete(this.#sources.keys().next().value as string);
  }
}
