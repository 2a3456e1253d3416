/** A client that sends exactly the octets it is told and shows exactly those that come back. Texts are binary strings. */
import { connect, type Socket } from 'node:net';

/** As long as a test may last: what does not come at all fails the test. */
const patienceMs = 110_000;

export type RawAnswer = { status: number; headers: Map<string, string>; body: string; isClosed: boolean };

/** The octets of a request; `body` gets its length unless the headers say otherwise. */
export function rawRequest(method: string, target: string, { headers = [], body }: { headers?: string[]; body?: string } = {}): string {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers];
  if (body !== undefined && !headers.some((line) => /^(transfer-encoding|content-length):/i.test(line)))
    lines.push(`Content-Length: ${body.length}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** A form as curl sends it. */
export const rawForm = (method: string, target: string, body: string): string =>
  rawRequest(method, target, { headers: ['Content-Type: application/x-www-form-urlencoded'], body });

export class RawClient {
  readonly #port: number;
  #socket: Socket | undefined;
  #read = '';
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request and waits for its whole answer. */
  async ask(raw: string, limitMs = patienceMs): Promise<RawAnswer> {
    await this.send(raw);
    const { status, headers } = await this.head(limitMs);
    const hasNoBody = raw.startsWith('HEAD ') || status === 204;
    const body = hasNoBody ? '' : await this.#body(headers, limitMs);
    const isClosed = headers.get('connection')?.toLowerCase() === 'close';
    if (isClosed) this.close();
    return { status, headers, body, isClosed };
  }

  async send(raw: string): Promise<void> {
    if (this.#socket === undefined || this.#isEnded) await this.#open();
    this.#socket?.write(raw, 'latin1');
  }

  /** The head of the next answer. */
  async head(limitMs = patienceMs): Promise<{ status: number; headers: Map<string, string> }> {
    await this.#until(() => this.#read.includes('\r\n\r\n'), limitMs, 'a head');
    const end = this.#read.indexOf('\r\n\r\n');
    const [first = '', ...lines] = this.#read.slice(0, end).split('\r\n');
    this.#read = this.#read.slice(end + 4);
    const headers = new Map<string, string>();
    for (const line of lines) headers.set(line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim());
    return { status: Number(first.split(' ')[1]), headers };
  }

  /** The next chunk of a body, '' for the last, undefined when nothing comes in time, 'cut' when the connection ends. */
  async chunk(limitMs = patienceMs): Promise<string | undefined> {
    const isWhole = () => {
      const end = this.#read.indexOf('\r\n');
      return end !== -1 && this.#read.length >= end + 4 + Number.parseInt(this.#read, 16);
    };
    try {
      await this.#until(isWhole, limitMs, 'a chunk');
    } catch {
      return this.#isEnded ? 'cut' : undefined;
    }
    const at = this.#read.indexOf('\r\n') + 2;
    const length = Number.parseInt(this.#read, 16);
    const text = this.#read.slice(at, at + length);
    this.#read = this.#read.slice(at + length + 2);
    return text;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #body(headers: Map<string, string>, limitMs: number): Promise<string> {
    if (headers.get('transfer-encoding') === 'chunked') {
      let body = '';
      for (let piece = await this.chunk(limitMs); piece !== ''; piece = await this.chunk(limitMs)) {
        if (piece === undefined || piece === 'cut') throw new Error(`a body broke off behind ${body.length} octets`);
        body += piece;
      }
      return body;
    }
    const length = headers.get('content-length');
    if (length === undefined) await this.#until(() => this.#isEnded, limitMs, 'the end');
    else await this.#until(() => this.#read.length >= Number(length), limitMs, 'a body');
    const end = length === undefined ? this.#read.length : Number(length);
    const body = this.#read.slice(0, end);
    this.#read = this.#read.slice(end);
    return body;
  }

  async #open(): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1');
    this.#socket = socket;
    this.#read = '';
    this.#isEnded = false;
    socket.on('data', (piece) => {
      if (this.#socket !== socket) return;
      this.#read += piece.toString('latin1');
      this.#wake();
    });
    const ended = () => {
      if (this.#socket !== socket) return;
      this.#isEnded = true;
      this.#wake();
    };
    socket.on('end', ended).on('close', ended).on('error', ended);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  }

  async #until(isThere: () => boolean, limitMs: number, what: string): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!isThere()) {
      const left = deadline - Date.now();
      if (left <= 0 || (this.#isEnded && !isThere())) throw new Error(`no ${what} came; read ${JSON.stringify(this.#read.slice(0, 200))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
