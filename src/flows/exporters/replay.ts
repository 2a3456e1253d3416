/**
 * Sends recorded exports again: the UDP payloads of a capture, in their order and with their pauses, to a collector. Over
 * TCP the messages follow each other, as IPFIX does it.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decompress } from '../../core/compression.ts';
import { Problem } from '../../core/problem.ts';
import type { ExportListener } from './listen.ts';
import { createDatagramReader, type RecordedDatagram } from './recorded.ts';

export type ReplayOptions = {
  readonly to: ExportListener;
  /** How many times faster than recorded; 0 is as fast as can be. */
  readonly speed: number;
  /** Only datagrams to this port of the capture, or undefined for all. */
  readonly port: number | undefined;
  readonly signal: AbortSignal;
  /** Called now and then. */
  readonly onProgress: (sent: Replayed) => void;
};

/** Datagrams and octets sent, and packets of the capture that hold none. */
export type Replayed = { datagrams: number; bytes: number; passed: number; cut: number };

/** Pauses shorter than this are not worth a timer. */
const shortestPauseMs = 1;
/** Datagrams sent in one go when nothing has to be waited for. */
const burst = 64;

type Target = { send(bytes: Uint8Array): Promise<void>; close(): Promise<void> };

/** Sends everything once; rejects with a Problem where the file is no capture, or nobody takes it. */
export const replay = async (path: string, options: ReplayOptions): Promise<Replayed> => {
  const target = await openTarget(options.to);
  const sent: Replayed = { datagrams: 0, bytes: 0, passed: 0, cut: 0 };
  const pace = new Pace(options.speed);
  try {
    for await (const datagram of recordedDatagrams(path, options.port, sent)) {
      options.signal.throwIfAborted();
      await pace.wait(datagram.timeMs, options.signal);
      await target.send(datagram.bytes);
      sent.datagrams++;
      sent.bytes += datagram.bytes.length;
      if (sent.datagrams % burst === 0) options.onProgress(sent);
    }
    return sent;
  } finally {
    await target.close();
  }
};

/** The datagrams of a capture file, packed or not, one after the other. */
async function* recordedDatagrams(
  path: string,
  port?: number,
  counts: Pick<Replayed, 'passed' | 'cut'> = { passed: 0, cut: 0 },
): AsyncGenerator<RecordedDatagram> {
  let ready: RecordedDatagram[] = [];
  const { reader, passed } = createDatagramReader((datagram) => {
    if (port === undefined || datagram.dstPort === port) ready.push({ ...datagram, bytes: datagram.bytes.slice() });
  });
  for await (const bytes of decompress(createReadStream(path, { highWaterMark: 1 << 18 }))) {
    reader.push(bytes);
    const taken = ready;
    ready = [];
    yield* taken;
  }
  reader.end();
  yield* ready;
  counts.passed = passed.other;
  counts.cut = passed.cut;
}

/** Keeps the pauses of the recording, divided by the speed. */
class Pace {
  readonly #speed: number;
  #firstMs = 0;
  #startMs = -1;

  constructor(speed: number) {
    this.#speed = speed;
  }

  async wait(timeMs: number, signal: AbortSignal): Promise<void> {
    if (this.#speed === 0) return;
    if (this.#startMs < 0) {
      this.#startMs = performance.now();
      this.#firstMs = timeMs;
    }
    const dueMs = this.#startMs + (timeMs - this.#firstMs) / this.#speed;
    const pause = dueMs - performance.now();
    if (pause >= shortestPauseMs) await sleep(pause, undefined, { signal });
  }
}

const openTarget = (to: ExportListener): Promise<Target> => (to.transport === 'udp' ? openUdp(to) : openTcp(to));

const openUdp = async ({ host, port }: ExportListener): Promise<Target> => {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  socket.connect(port, host);
  await once(socket, 'connect');
  const send = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(bytes, (error) => {
        if (error === null) resolve();
        else reject(refused(`udp://${host}:${port}`, error));
      });
    });
  return { send, close: async () => void (await new Promise<void>((resolve) => socket.close(resolve))) };
};

const openTcp = async ({ host, port }: ExportListener): Promise<Target> => {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw refused(`tcp://${host}:${port}`, error as Error);
  }
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  const send = async (bytes: Uint8Array): Promise<void> => {
    if (failure !== undefined) throw refused(`tcp://${host}:${port}`, failure);
    if (!socket.write(bytes)) await once(socket, 'drain');
  };
  const close = async (): Promise<void> => {
    if (socket.destroyed) return;
    socket.end();
    await once(socket, 'close');
  };
  return { send, close };
};

const refused = (where: string, error: Error): Problem =>
  new Problem('unavailable', `Nobody takes exports at ${where}.`, { detail: error.message, cause: error });
