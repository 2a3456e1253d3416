import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectStream, type Socket } from 'node:net';
import { Problem } from '../core/problem.ts';
import { type NetworkAddress, type SocketAddress, showAddress } from './address.ts';

/** A connection to a TCP or Unix socket, half open: our end leaves the peer's as it is. Throws `unavailable`, `timeout`. */
export async function connectTo(address: Exclude<SocketAddress, { kind: 'udp' }>, timeoutMs: number): Promise<Socket> {
  const options = { allowHalfOpen: true, noDelay: true };
  const socket = connectStream(
    address.kind === 'unix' ? { path: address.path, ...options } : { host: address.host, port: address.port, ...options },
  );
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    return socket.setKeepAlive(true, 30_000);
  } catch (error) {
    socket.destroy();
    throw unreachable(address, error);
  }
}

/** A UDP socket that is connected, so that the kernel tells of a closed port, and of no other sender. Throws `unavailable`. */
export async function connectDatagrams(address: NetworkAddress): Promise<DatagramSocket> {
  try {
    const { address: host, family } = await lookup(address.host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.connect(address.port, host);
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    throw unreachable(address, error);
  }
}

/** Why nothing can be sent there, for the person who wrote the address. */
export function unreachable(address: SocketAddress, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, message, name } = error as NodeJS.ErrnoException;
  const where = showAddress(address);
  if (name === 'AbortError' || name === 'TimeoutError') return new Problem('timeout', `${where} did not answer in time.`, { cause: error });
  if (code === 'EMSGSIZE')
    return new Problem('too-large', `That is too long for a datagram to ${where}.`, {
      detail: 'UDP over IPv4 takes 65,507 bytes at most',
      cause: error,
    });
  if (code === 'ECONNREFUSED' || code === 'ENOENT')
    return new Problem('unavailable', `Nobody listens on ${where}.`, { detail: message, cause: error });
  return new Problem('unavailable', `${where} cannot be reached.`, { detail: message || String(code), cause: error });
}
