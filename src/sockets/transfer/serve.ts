/** Listens for senders. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Problem } from '../../core/problem.ts';
import { hostAndPort, plainHost, type SocketAddress } from '../address.ts';
import { type Allowed, isAllowed } from '../allowed.ts';
import { bindServer } from '../bind.ts';
import { Channel } from './channel.ts';
import { withLargeReads } from './large-reads.ts';
import { ReadBlocks } from './read-blocks.ts';
import { type ReceiveOptions, receiveFiles } from './receiver.ts';

export type ServeOptions = {
  receive: Omit<ReceiveOptions, 'busy'>;
  /** Connections at once; more are turned away. */
  atOnce: number;
  idleMs: number;
  allowed: Allowed;
  tls?: TlsOptions;
  /** A connection has ended; with what ended it before its time. */
  onEnd(peer: string, error?: unknown): void;
};

export type TransferServer = { readonly bound: SocketAddress; close(): Promise<void> };

/** Receives files from whoever connects, until it is closed: then connections are ended, and what came is kept for another time. */
export async function serveTransfers(address: Exclude<SocketAddress, { kind: 'udp' }>, options: ServeOptions): Promise<TransferServer> {
  const { tls } = options;
  const busy = new Set<string>();
  const open = new Map<Socket, Promise<void>>();
  const blocks = new ReadBlocks();
  const take = (accepted: Socket) => {
    const socket = tls === undefined ? withLargeReads(accepted, blocks) : accepted;
    const running = receive(socket, address, { ...options, busy, blocks }).finally(() => open.delete(socket));
    open.set(socket, running);
  };
  const server: Server =
    tls === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
      : createTlsServer({ ...tls, noDelay: true });
  server.maxConnections = options.atOnce;
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const host = socket.remoteAddress;
    if (host === undefined || isAllowed(options.allowed, host)) take(socket);
    else socket.on('error', () => {}).resetAndDestroy();
  });
  server.on('tlsClientError', (error: Error, socket: Socket) => options.onEnd(nameOf(socket), error));
  const bound = await bindServer(server, address);
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of open.keys()) socket.destroy();
    await Promise.all([closed, ...open.values()]);
  };
  return { bound, close };
}

async function receive(
  socket: Socket,
  address: SocketAddress,
  { idleMs, receive, onEnd, busy, blocks }: ServeOptions & { busy: Set<string>; blocks: ReadBlocks },
): Promise<void> {
  const peer = nameOf(socket);
  const channel = new Channel(socket, { idleMs, peer: address, blocks });
  try {
    await receiveFiles(channel, { ...receive, busy });
    onEnd(peer);
  } catch (error) {
    onEnd(peer, error);
    // The sender is told why where it is a reason of ours, and nothing of this machine otherwise.
    channel.dismiss(error instanceof Problem ? error.message : undefined);
  }
}

const nameOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? 'unix' : hostAndPort(plainHost(remoteAddress), remotePort ?? 0);

/** TLS by a certificate and its key, from files. Throws `invalid`. */
export function tlsOf(cert: string | undefined, key: string | undefined): TlsOptions {
  if (cert === undefined || key === undefined)
    throw new Problem('invalid', 'TLS needs a certificate and its key.', {
      detail: 'a server with `server.tls.mode=self-signed` keeps a pair in DATA/tls',
      hint: '--tls --cert certificate.pem --key key.pem',
      pointer: '--tls',
    });
  try {
    return { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' };
  } catch (cause) {
    throw new Problem('invalid', 'The certificate or its key cannot be read.', {
      detail: (cause as Error).message,
      pointer: '--tls',
      cause,
    });
  }
}
