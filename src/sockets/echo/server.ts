/** Echo (RFC 862): whoever sends gets the same back. */
import type { Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkAddress, SocketAddress } from '../address.ts';
import { bindDatagrams, bindServer } from '../bind.ts';
import { Reflection } from './reflection.ts';

export type EchoOptions = {
  /** For tests of clients: answer in capitals, so late, and leave out a datagram or close a connection with this likelihood (0 to 1). */
  isUpper: boolean;
  delayMs: number;
  drop: number;
  idleMs: number;
  connections: number;
};

export type EchoCounts = { connections: number; datagrams: number; bytes: number /** Datagrams that got no answer. */; held: number };

/** An echo server while it is open. */
export type EchoServer = { readonly bound: SocketAddress; readonly counts: EchoCounts; close(): Promise<void> };

/** Opens one. Throws what binding throws. */
export const openEcho = (address: SocketAddress, options: EchoOptions): Promise<EchoServer> =>
  address.kind === 'udp' ? openDatagramEcho(address, options) : openStreamEcho(address, options);

const newCounts = (): EchoCounts => ({ connections: 0, datagrams: 0, bytes: 0, held: 0 });

async function openStreamEcho(
  address: Exclude<SocketAddress, NetworkAddress & { kind: 'udp' }>,
  options: EchoOptions,
): Promise<EchoServer> {
  const counts = newCounts();
  const sockets = new Set<Socket>();
  // Half open: a client that closes its side is still owed what is on its way.
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    counts.connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    answer(socket, options, counts);
  });
  server.maxConnections = options.connections;
  const bound = await bindServer(server, address as Exclude<SocketAddress, { kind: 'udp' }>);
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { bound, counts, close };
}

function answer(socket: Socket, options: EchoOptions, counts: EchoCounts): void {
  const { delayMs, drop, idleMs } = options;
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => {}); // a reset is an end like any other
  // A client that never reads must not make us keep what it sends: it is read no further than it takes.
  socket.on('drain', () => socket.resume());
  if (delayMs > 0 || drop > 0) return void answerSlowly(socket, options, counts).catch(() => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (chunk: Buffer) => {
    counts.bytes += chunk.length;
    if (!socket.write(shaped(chunk, options))) socket.pause();
  });
}

async function answerSlowly(socket: Socket, options: EchoOptions, counts: EchoCounts): Promise<void> {
  for await (const chunk of socket) {
    counts.bytes += (chunk as Buffer).length;
    await pause(options.delayMs);
    if (Math.random() < options.drop) return void socket.resetAndDestroy();
    socket.write(shaped(chunk as Buffer, options));
  }
  socket.end();
}

const lowerA = 0x61;
const lowerZ = 0x7a;
/** Capitals of ASCII: of anything else the length could change. */
const shaped = (chunk: Buffer, { isUpper }: EchoOptions): Buffer =>
  isUpper ? Buffer.from(chunk.map((byte) => (byte >= lowerA && byte <= lowerZ ? byte - 32 : byte))) : chunk;

async function openDatagramEcho(address: NetworkAddress, options: EchoOptions): Promise<EchoServer> {
  const { socket, bound } = await bindDatagrams(address, 1024 * 1024);
  const counts = newCounts();
  const reflection = new Reflection(bound.port);
  socket.on('error', () => {}); // an answer that could not be sent is lost, as datagrams are
  socket.on('message', (bytes, { address: host, port }) => {
    counts.datagrams++;
    counts.bytes += bytes.length;
    if (!reflection.mayAnswer(host, port, performance.now()) || Math.random() < options.drop) return void counts.held++;
    const send = () => socket.send(shaped(bytes, options), port, host);
    if (options.delayMs > 0) setTimeout(() => sendIfOpen(socket, send), options.delayMs);
    else send();
  });
  return { bound, counts, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function sendIfOpen(socket: DatagramSocket, send: () => void): void {
  try {
    socket.address();
    send();
  } catch {
    // closed meanwhile
  }
}
