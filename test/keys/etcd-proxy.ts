/** A way to a member that can lose what is sent through it: answers alone, or everything. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class LossyWay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #losesAnswers = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Opens a way to the member at a URL. */
  static async to(target: string): Promise<LossyWay> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    const way = new LossyWay(server);
    server.on('connection', (near) => way.#join(near, connect(Number(port), hostname)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return way;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** From now on requests arrive, and no answer comes back. */
  loseAnswers(): void {
    this.#losesAnswers = true;
  }

  /** Answers come again, on new connections: the old ones have lost too much. */
  heal(): void {
    this.#losesAnswers = false;
    this.reset();
  }

  /** Breaks the connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((closed) => this.#server.close(closed));
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => !this.#losesAnswers && near.write(bytes));
  }
}
