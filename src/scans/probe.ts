import { Socket } from 'node:net';
import { code, codeOfError } from './state.ts';

/** How one connection ended: a code of `state.ts`; `short` of means of this machine; `self`: it met itself. */
export type Verdict = number | 'short' | 'self';

/** One connection on its way. The socket is gone when it has been told, or when `abandon` was called: then nothing is told. */
export class Probe {
  readonly port: number;
  readonly #address: string;
  readonly #socket = new Socket();
  #tell: ((verdict: Verdict) => void) | undefined;

  /** `address` is a literal: no name is looked up here. `tell` is called once, never before the constructor is through. */
  constructor(address: string, family: 4 | 6, port: number, tell: (verdict: Verdict) => void) {
    this.port = port;
    this.#address = address;
    this.#tell = tell;
    this.#socket.on('connect', () => this.#end(this.#isSelf() ? 'self' : code.open));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(codeOfError(error.code ?? '')));
    this.#socket.connect({ host: address, family, port });
  }

  /** The port on this side; undefined before the connection has one. */
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  abandon(): void {
    this.#tell = undefined;
    this.#socket.destroy();
  }

  #end(verdict: Verdict): void {
    const tell = this.#tell;
    this.#tell = undefined;
    tell?.(verdict);
    // The end that closes first keeps the pair for a minute (TIME_WAIT): a reset would spare it, and alarms some servers.
    this.#socket.destroy();
  }

  /**
   * Both ends are the same socket: the kernel chose the wanted port as ours, and the SYN met its sender (simultaneous open, RFC 9293
   * section 3.5). Happens on own addresses only, one or two times when all ports are scanned; nobody listens there.
   */
  #isSelf(): boolean {
    return this.#socket.localPort === this.port && this.#socket.localAddress === this.#address.split('%')[0];
  }
}
