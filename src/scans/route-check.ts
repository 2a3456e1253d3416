import { createSocket } from 'node:dgram';

/**
 * Why this machine cannot send to an address at all (`ENETUNREACH`: it has no route), or undefined when it can. Connecting a UDP socket
 * asks the kernel for the route and sends nothing, so this is not mistaken for an ICMP error of some router.
 */
export function routeFault({ address, family }: { address: string; family: 4 | 6 }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    const end = (fault?: string) => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      // Without descriptors nothing is known; the probes will wait for some.
      resolve(fault === 'EMFILE' || fault === 'ENFILE' ? undefined : fault);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
    socket.on('connect', () => end());
    // The port matters to nobody: no datagram is sent.
    socket.connect(9, address);
  });
}
