/** Asks an echo server, and checks and times what comes back. */
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import type { NetworkAddress, SocketAddress } from '../address.ts';
import { connectDatagrams, connectTo, unreachable } from '../connect.ts';

export type CheckOptions = { count: number /** Bytes of each message. */; size: number; intervalMs: number; timeoutMs: number };

/** How it went. Times are microseconds, of the messages that came back right. */
export type CheckResult = {
  sent: number;
  good: number;
  wrong: number;
  lost: number;
  min_us: number;
  p50_us: number;
  p99_us: number;
  max_us: number;
};

/** Sends one message after the other, each when the one before is back. Throws `unavailable` when nobody answers at all. */
export const checkEcho = (address: SocketAddress, options: CheckOptions): Promise<CheckResult> =>
  address.kind === 'udp' ? checkDatagrams(address, options) : checkStream(address, options);

async function checkStream(address: Exclude<SocketAddress, { kind: 'udp' }>, options: CheckOptions): Promise<CheckResult> {
  const socket = await connectTo(address, options.timeoutMs);
  const timer = new Times();
  const message = Buffer.alloc(options.size);
  const back = Buffer.alloc(options.size);
  let wrong = 0;
  let got = 0;
  let answered = Promise.withResolvers<void>();
  socket.on('data', (chunk: Buffer) => {
    // More than was sent is as wrong as something else.
    if (got + chunk.length > back.length) wrong++;
    got += chunk.copy(back, got);
    if (got === back.length) answered.resolve();
  });
  const fail = (error?: unknown) => answered.reject(error ?? new Problem('unavailable', 'The other side ended before it had answered.'));
  socket.on('error', fail).on('end', () => fail());
  socket.setTimeout(options.timeoutMs, () => socket.destroy(new Problem('timeout', `No answer for ${options.timeoutMs / 1000} s.`)));
  try {
    for (let sent = 0; sent < options.count; sent++) {
      randomFillSync(message);
      got = 0;
      answered = Promise.withResolvers();
      const begun = process.hrtime.bigint();
      socket.write(message);
      await answered.promise;
      if (back.equals(message)) timer.add(process.hrtime.bigint() - begun);
      else wrong++;
      if (options.intervalMs > 0) await pause(options.intervalMs);
    }
    answered = Promise.withResolvers();
    answered.promise.catch(() => {});
    socket.end();
    await once(socket, 'close');
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    socket.destroy();
  }
  return { sent: options.count, wrong, lost: 0, ...timer.summary() };
}

async function checkDatagrams(address: NetworkAddress, options: CheckOptions): Promise<CheckResult> {
  const socket = await connectDatagrams(address);
  const timer = new Times();
  const message = Buffer.alloc(Math.max(8, options.size));
  let wrong = 0;
  let lost = 0;
  let answered = Promise.withResolvers<Buffer | undefined>();
  socket.on('message', (bytes) => answered.resolve(bytes));
  socket.on('error', (error) => answered.reject(error));
  try {
    for (let sent = 0; sent < options.count; sent++) {
      randomFillSync(message);
      answered = Promise.withResolvers();
      const late = setTimeout(answered.resolve, options.timeoutMs, undefined);
      const begun = process.hrtime.bigint();
      socket.send(message);
      const back = await answered.promise;
      clearTimeout(late);
      if (back === undefined) lost++;
      else if (back.equals(message)) timer.add(process.hrtime.bigint() - begun);
      else wrong++;
      if (options.intervalMs > 0) await pause(options.intervalMs);
    }
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    socket.close();
  }
  return { sent: options.count, wrong, lost, ...timer.summary() };
}

class Times {
  readonly #us: number[] = [];

  add(nanoseconds: bigint): void {
    this.#us.push(Number(nanoseconds) / 1000);
  }

  summary() {
    const sorted = this.#us.toSorted((a, b) => a - b);
    const at = (part: number) => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
    return { good: sorted.length, min_us: at(0), p50_us: at(0.5), p99_us: at(0.99), max_us: at(1) };
  }
}
