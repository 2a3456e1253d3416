/**
 * Which datagrams an echo server answers. The source of a datagram can be forged: two echo servers would feed each other for ever, and one
 * could be made to send to a third. So ports of services that answer by themselves get nothing, nor does our own, and no host that is not
 * this one gets more than a hundred answers a second.
 */
import { plainHost } from '../address.ts';

/** Echo, discard, daytime, quote of the day, character generator, DNS. */
const answering = new Set([7, 9, 13, 17, 19, 53]);
const mostPerSecond = 100;
const mostHosts = 10_000;

export class Reflection {
  readonly #ownPort: number;
  #second = 0;
  #counts = new Map<string, number>();

  constructor(ownPort: number) {
    this.#ownPort = ownPort;
  }

  /** Whether to answer; `now` in milliseconds, never going back. */
  mayAnswer(host: string, port: number, now: number): boolean {
    if (answering.has(port) || port === this.#ownPort) return false;
    const plain = plainHost(host);
    if (plain === '::1' || plain.startsWith('127.')) return true;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts = new Map();
    }
    const count = (this.#counts.get(plain) ?? 0) + 1;
    if (count > mostPerSecond || this.#counts.size >= mostHosts) return false;
    this.#counts.set(plain, count);
    return true;
  }
}
