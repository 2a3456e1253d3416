/** Opens listening sockets: TCP and UDP as they are asked for, Unix sockets also over one that a dead process has left. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { listenProblem } from '../core/listen-address.ts';
import { Problem } from '../core/problem.ts';
import { type NetworkAddress, type SocketAddress, showAddress, type UnixAddress } from './address.ts';

/** Connections that the kernel keeps until they are accepted; it takes the lesser of this and `net.core.somaxconn`. */
const backlog = 511;

/** Lets a server listen; resolves to the address it has, with the port that the system chose. Throws `conflict`, `denied`, `unavailable`. */
export async function bindServer(server: Server, address: Exclude<SocketAddress, { kind: 'udp' }>): Promise<SocketAddress> {
  try {
    if (address.kind === 'unix') return await bindUnix(server, address);
    await listening(server, () => server.listen({ host: address.host, port: address.port, backlog }));
    const { port } = server.address() as { port: number };
    return { ...address, port };
  } catch (error) {
    throw named(address, error);
  }
}

/** A bound UDP socket with a receive buffer as near to `bufferBytes` as the kernel allows. Throws as `bindServer`. */
export async function bindDatagrams(
  address: NetworkAddress,
  bufferBytes: number,
): Promise<{ socket: DatagramSocket; bound: NetworkAddress }> {
  const isIpv6 = address.host.includes(':');
  // `::` takes IPv4, too, as it does for TCP.
  const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ...(isIpv6 && { ipv6Only: address.host !== '::' }) });
  try {
    socket.bind(address.port, address.host);
    await once(socket, 'listening');
    socket.setRecvBufferSize(bufferBytes);
    return { socket, bound: { ...address, port: socket.address().port } };
  } catch (error) {
    socket.close();
    throw named(address, error);
  }
}

/**
 * A Unix socket that its owner alone may connect to. Over a path that is taken it listens only when that is a socket of this user
 * whose process is gone: a live one, one of somebody else and what is no socket are left alone.
 */
async function bindUnix(server: Server, address: UnixAddress): Promise<SocketAddress> {
  const { path } = address;
  // Between bind(2) and chmod(2) the mode is what the umask says: write permission, which connecting needs, is for the owner under any usual one.
  const listen = () => listening(server, () => server.listen({ path, backlog }));
  try {
    await listen();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || !(await isStale(path))) throw error;
    await unlink(path);
    await listen();
  }
  await chmod(path, 0o600);
  return address;
}

async function isStale(path: string): Promise<boolean> {
  const status = await lstat(path);
  if (!status.isSocket())
    throw new Problem('conflict', `${path} is there, and is no socket.`, { hint: 'name another path, or move the file away' });
  if (status.uid !== process.geteuid?.())
    throw new Problem('conflict', `${path} is a socket of another user.`, { detail: `its owner has the id ${status.uid}` });
  const probe = connect(path);
  try {
    await once(probe, 'connect');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    probe.destroy();
  }
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      server.off('error', fail);
      server.off('listening', good);
      settle();
    };
    const fail = (error: Error) => done(() => reject(error))();
    const good = done(resolve);
    server.on('error', fail).on('listening', good);
    listen();
  });
}

function named(address: SocketAddress, error: unknown): unknown {
  if (error instanceof Problem) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new Problem('conflict', `${showAddress(address)} is taken.`, { detail: 'somebody listens there already', cause: error });
  if (address.kind === 'unix' && code !== 'EACCES')
    return new Problem('unavailable', `Weir cannot listen on ${showAddress(address)}.`, { detail: (error as Error).message, cause: error });
  return listenProblem(address.kind === 'unix' ? address : { ...address, kind: 'tcp' }, error, 'address');
}
