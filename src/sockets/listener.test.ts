/** Listeners against the awkward peers of a real network: each on a port, or path, of its own. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { type NetworkAddress, parseSocketAddress } from './address.ts';
import { isAllowed, readAllowed } from './allowed.ts';
import type { Frame } from './frame.ts';
import { parseFraming } from './framing/framing.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Listener } from './listener.ts';
import type { Destination } from './outlet.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-sockets-'));
const listeners: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Waits until it holds; the test's own time-out is the only limit. */
const until = (holds: () => unknown) => vi.waitFor(() => expect(holds()).toBeTruthy(), { timeout: 110_000, interval: 5 });

/** Collects frames, and takes them only while the gate is open. */
class Shelf implements Destination {
  readonly lingerMs = 0;
  readonly frames: string[] = [];
  gate: Promise<void> = Promise.resolve();
  isClosed = false;

  async deliver(frames: readonly Frame[]) {
    await this.gate;
    this.frames.push(...frames.map(({ bytes }) => Buffer.from(bytes).toString('latin1')));
    return { refused: 0 };
  }

  async close() {
    this.isClosed = true;
  }
}

type Given = { frame?: string; limits?: Partial<Limits>; allow?: string[]; shelf?: Shelf };

async function open(address = 'tcp://127.0.0.1:0', { frame = 'line', limits = {}, allow, shelf = new Shelf() }: Given = {}) {
  const listener = new Listener(
    { name: 'test', address: parseSocketAddress(address), framing: parseFraming(frame), to: 'discard' },
    {
      limits: { ...defaultLimits, graceMs: 100, ...limits },
      allowed: allow && readAllowed(allow, 'allow'),
      openDestination: async () => shelf,
      now: () => Date.now(),
      onFault: () => {},
    },
  );
  listeners.push(listener);
  await listener.start();
  return { listener, shelf, ...(listener.bound as NetworkAddress) };
}

async function dial(to: { port: number } | { path: string }, allowHalfOpen = true): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', allowHalfOpen, ...to });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** How a connection ended for the peer: by our FIN, or by a reset. */
function ending(socket: Socket): Promise<'end' | 'reset'> {
  return new Promise((resolve) => {
    socket.resume();
    socket.once('end', () => resolve('end'));
    socket.once('error', () => resolve('reset'));
    socket.once('close', () => resolve('reset'));
  });
}

describe('streams', () => {
  test('frames that come in pieces, and several at once, are whole', async () => {
    const { listener, shelf, port } = await open();
    const socket = await dial({ port });
    for (const piece of ['on', 'e\ntwo\r', '\n\nth']) {
      socket.write(piece);
      const sent = socket.bytesWritten;
      await until(() => listener.counters.bytes === sent);
    }
    socket.end('ree');
    expect(await ending(socket)).toBe('end');
    expect(shelf.frames).toEqual(['one', 'two', '', 'three']);
    expect(listener.counters).toMatchObject({ accepted: 1, frames: 4, bytes: 15, faults: {} });
  });

  test('a peer that ends its side hears our end when its frames are delivered, not before', async () => {
    const gate = Promise.withResolvers<void>();
    const shelf = new Shelf();
    shelf.gate = gate.promise;
    const { listener, port } = await open(undefined, { shelf });
    const socket = await dial({ port });
    let hasEnded = false;
    const ended = ending(socket).then((how) => {
      hasEnded = true;
      return how;
    });
    socket.end('a\nb\n');
    await until(() => listener.counters.frames === 2);
    expect(hasEnded).toBe(false);
    gate.resolve();
    expect(await ended).toBe('end');
    expect(shelf.frames).toEqual(['a', 'b']);
  });

  test('a half-open peer that sends no more is closed after the idle limit; one that never sent, earlier', async () => {
    const { listener, port } = await open(undefined, { limits: { idleMs: 200, firstMs: 100 } });
    const [silent, begun] = [await dial({ port }), await dial({ port })];
    begun.write('half a li');
    expect(await Promise.all([ending(silent), ending(begun)])).toEqual(['end', 'end']);
    await until(() => listener.peers().length === 0);
    expect(listener.counters.faults).toEqual({ no_first_byte: 1, idle: 1 });
  });

  test('a fast sender waits while nobody takes its frames, and all of them arrive', async () => {
    const gate = Promise.withResolvers<void>();
    const shelf = new Shelf();
    shelf.gate = gate.promise;
    const { listener, port } = await open(undefined, { shelf, limits: { queue: 65_536 } });
    const socket = await dial({ port });
    const line = `${'x'.repeat(1023)}\n`;
    const count = 16_384;
    socket.end(line.repeat(count));
    await until(() => listener.peers()[0]?.isHeldBack);
    // At most what was let in, and the chunk in which that was reached: the rest waits in the kernel and with the sender.
    expect(listener.outcome.waiting).toBeLessThan(2 * 65_536 + 65_536);
    expect(listener.counters.bytes).toBeLessThan(count * 1024);
    gate.resolve();
    expect(await ending(socket)).toBe('end');
    expect(shelf.frames.length).toBe(count);
  });

  test('while it is we who do not read, a sender is not called idle', async () => {
    const gate = Promise.withResolvers<void>();
    const shelf = new Shelf();
    shelf.gate = gate.promise;
    const { listener, port } = await open(undefined, { shelf, limits: { queue: 65_536, idleMs: 20 } });
    const socket = await dial({ port });
    const ended = ending(socket);
    socket.end(`${'x'.repeat(1023)}\n`.repeat(80));
    await until(() => listener.peers()[0]?.isHeldBack);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(listener.peers().length).toBe(1);
    gate.resolve();
    expect(await ended).toBe('end');
    expect(listener.counters).toMatchObject({ frames: 80, faults: {} });
  });

  test.each([
    ['line/max=10', 'way too long a line', 'frame.too_large'],
    ['length:4', '\xff\xff\xff\xff', 'frame.too_large'],
    ['fixed:4', 'abcdef', 'frame.incomplete'],
    ['delimiter:\\x00', 'no end', 'frame.incomplete'],
  ])('%s: what is no frame is answered with a reset', async (frame, bytes, fault) => {
    const { listener, port } = await open(undefined, { frame });
    const socket = await dial({ port });
    socket.end(Buffer.from(bytes, 'latin1'));
    expect(await ending(socket)).toBe('reset');
    expect(listener.counters.faults).toEqual({ [fault]: 1 });
  });

  test('connections above the limits, and of other networks, are reset and counted', async () => {
    const { listener, port } = await open(undefined, { limits: { perAddress: 1 } });
    await dial({ port });
    await until(() => listener.peers().length === 1);
    // The reset may come before the connection is told of.
    const second = connect(port, '127.0.0.1');
    sockets.push(second);
    expect(await ending(second)).toBe('reset');
    expect(listener.counters.turnedAway.limit).toBe(1);
    const allowed = readAllowed(['10.0.0.0/8', '2001:db8::/32'], 'allow');
    const hosts = ['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.2', '2001:db8::1', '192.0.2.1', '2001:db9::1'];
    expect(hosts.map((host) => isAllowed(allowed, host))).toEqual([true, true, true, true, false, false]);
  });

  test('a stop lets peers end, delivers what came, and a start opens it again', async () => {
    const { listener, shelf, port } = await open();
    const socket = await dial({ port });
    socket.write('before\nhalf');
    await until(() => listener.counters.bytes === 11);
    const ended = ending(socket);
    const stopped = listener.stop();
    expect(await ended).toBe('end');
    socket.end();
    await stopped;
    expect(listener.state).toBe('stopped');
    expect(shelf.frames).toContain('before');
    expect(shelf.isClosed).toBe(true);
    await listener.start();
    expect(listener.state).toBe('listening');
    expect(listener.outcome.delivered).toBe(shelf.frames.length);
  });

  test('a port that is taken fails, and says so', async () => {
    const { port } = await open();
    await expect(open(`tcp://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'conflict' });
    expect(listeners.at(-1)).toMatchObject({ state: 'failed', reason: expect.stringContaining('is taken') });
  });
});

describe('Unix sockets', () => {
  const hold = `require('node:net').createServer((s)=>s.resume()).listen(process.argv[1],()=>console.log('ready'))`;

  test('over one that a killed process has left, but not over a live one', async () => {
    const path = join(folder, 'taken.sock');
    const child = spawn(process.execPath, ['-e', hold, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      await expect(open(`unix:${path}`)).rejects.toMatchObject({ code: 'conflict' });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(lstatSync(path).isSocket()).toBe(true);
    const { listener, shelf } = await open(`unix:${path}`);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    const socket = await dial({ path });
    socket.end('hello\n');
    expect(await ending(socket)).toBe('end');
    expect(shelf.frames).toEqual(['hello']);
    await listener.stop();
    expect(() => lstatSync(path)).toThrow('ENOENT');
  });

  test('a file of that name is left alone', async () => {
    const path = join(folder, 'plain');
    writeFileSync(path, 'precious');
    chmodSync(path, 0o600);
    await expect(open(`unix:${path}`)).rejects.toThrow('is no socket');
    expect(lstatSync(path).size).toBe(8);
  });

  test.each([
    `unix:/${'x'.repeat(107)}`,
    'unix:@abstract',
    'unix:',
    'tcp://',
    'udp:unix:/x',
    'http://127.0.0.1:80',
    'tcp://127.0.0.1:70000',
  ])('%s is no address', (text) => {
    expect(() => parseSocketAddress(text)).toThrow();
  });
});

describe('datagrams', () => {
  async function sendAll(port: number, ...datagrams: (string | Buffer)[]): Promise<void> {
    const socket = createSocket('udp4');
    for (const datagram of datagrams) await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve));
    socket.close();
  }

  test('each is a frame, the empty one and the greatest, too', async () => {
    const { listener, shelf, port } = await open('udp://127.0.0.1:0', { limits: { datagram: 65_535 } });
    await sendAll(port, 'one', '', Buffer.alloc(65_507, 120));
    await until(() => shelf.frames.length === 3);
    expect(shelf.frames.map(({ length }) => length)).toEqual([3, 0, 65_507]);
    expect(listener.peers()).toMatchObject([{ frames: 3, bytes: 65_510 }]);
    expect(await listener.kernelDrops()).toBe(0);
  });

  test('one that is too long is refused whole, and never cut', async () => {
    const { listener, shelf, port } = await open('udp://127.0.0.1:0', { limits: { datagram: 10 } });
    await sendAll(port, '0123456789', '0123456789a', 'last');
    await until(() => shelf.frames.length === 2);
    expect(shelf.frames).toEqual(['0123456789', 'last']);
    expect(listener.counters.turnedAway.size).toBe(1);
  });

  test('they cannot wait: what nobody takes is dropped and counted', async () => {
    const gate = Promise.withResolvers<void>();
    const shelf = new Shelf();
    shelf.gate = gate.promise;
    const { listener, port } = await open('udp://127.0.0.1:0', { shelf, limits: { queue: 65_536 } });
    for (let at = 0; at < 40; at++) {
      await sendAll(port, Buffer.alloc(4000));
      const sent = at + 1;
      await until(() => listener.counters.accepted + listener.counters.turnedAway.full === sent);
    }
    expect(listener.counters.turnedAway.full).toBeGreaterThan(0);
    gate.resolve();
    await until(() => shelf.frames.length === listener.counters.accepted);
  });
});

test('what cannot be delivered for now is tried again; what is lost at the end is counted', async () => {
  const { Problem } = await import('../core/problem.ts');
  let tries = 0;
  const shelf = new Shelf();
  const deliver = shelf.deliver.bind(shelf);
  shelf.deliver = async (frames) => {
    if (++tries === 1 || tries > 2) throw new Problem('unavailable', 'away');
    return await deliver(frames);
  };
  const { listener, port } = await open(undefined, { shelf });
  const socket = await dial({ port });
  socket.write('first\n');
  await until(() => shelf.frames.length === 1);
  socket.write('second\n');
  await until(() => tries > 2);
  await listener.stop();
  expect(listener.outcome).toMatchObject({ delivered: 1, lost: 1, refused: 0 });
});
