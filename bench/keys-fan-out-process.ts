/**
 * The watchers of the benchmark `keys`: a process of its own that holds many watches and one writer, over sockets of its own
 * making so that it costs little itself. `node keys-fan-out-process.ts PORT WATCHERS EVENTS BURST`; it prints one line of JSON.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const [port = 0, watchers = 0, events = 0, burst = 0] = process.argv.slice(2).map(Number);
const closeBrace = 0x7d;
const lineFeed = 0x0a;

let delivered = 0;
let wanted = 0;
let reached: (() => void) | undefined;

/** Counts the lines that end an event: a chunk of HTTP ends its own in CR LF. */
function count(bytes: Buffer, length: number, last: { byte: number }): void {
  let previous = last.byte;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === lineFeed && previous === closeBrace) delivered++;
    previous = byte;
  }
  last.byte = previous;
  if (delivered >= wanted) reached?.();
}

async function startWatcher(buffer: Buffer): Promise<Socket> {
  const last = { byte: 0 };
  let isStarted = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer,
      callback: (length: number, bytes: Uint8Array) => {
        if (isStarted) count(bytes as Buffer, length, last);
        else {
          // The head comes at once; the watch is registered when it is here.
          isStarted = true;
          resolve();
        }
        return true;
      },
    },
  });
  socket.write('GET /v2/keys/bench/watched?wait=true&stream=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  socket.on('close', () => fail('a watch was closed'));
  socket.on('error', (error) => fail(error.message));
  await promise;
  return socket;
}

let isOver = false;
function fail(reason: string): void {
  if (isOver) return;
  console.error(reason);
  process.exit(1);
}

/** Writes the key `times` times, one behind the other, without waiting for the watchers. */
async function write(writer: Socket, times: number): Promise<void> {
  const body = `value=${'v'.repeat(128)}`;
  const request = `PUT /v2/keys/bench/watched HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (let written = 0; written < times; written++) {
    writer.write(request);
    await once(writer, 'data');
  }
}

/** Resolves when all watchers have been told of so many more events. */
function told(times: number): Promise<void> {
  wanted = delivered + times * watchers;
  const { promise, resolve } = Promise.withResolvers<void>();
  reached = resolve;
  return promise;
}

const buffer = Buffer.allocUnsafe(1 << 16);
const sockets: Socket[] = [];
for (let made = 0; made < watchers; made += 50)
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, watchers - made) }, () => startWatcher(buffer)))));
const writer = connect({ port, host: '127.0.0.1' });
await once(writer, 'connect');

// One event alone: how long until the last watcher knows.
const single: number[] = [];
for (let round = 0; round < 20; round++) {
  const begun = performance.now();
  const all = told(1);
  await write(writer, 1);
  await all;
  single.push(performance.now() - begun);
}

const begun = performance.now();
for (let done = 0; done < events; done += burst) {
  const all = told(burst);
  await write(writer, burst);
  await all;
}
const wallMs = performance.now() - begun;
isOver = true;
console.log(JSON.stringify({ deliveries: Math.ceil(events / burst) * burst * watchers, wallMs, single }));
process.exit(0);
