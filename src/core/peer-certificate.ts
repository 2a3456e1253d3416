import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** SHA-256 of the certificate that a client has shown, in lower-case hex; undefined where TLS has not verified one. */
export function peerCertificate(socket: Socket): string | undefined {
  const secure = socket as TLSSocket;
  if (secure.authorized !== true) return undefined;
  return secure.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
}
