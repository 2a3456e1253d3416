import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { TlsSource } from '../../core/tls-source.ts';
import type { ConnectionTimes } from '../connections.ts';
import { Http2Side } from './http2-side.ts';

export type SecureServerOptions = { tls: TlsSource; limits: ConnectionTimes; hasHttp2: boolean };

/**
 * An HTTPS server that speaks HTTP/2 as well. It is Node's HTTP/1.1 server with all of its limits; connections that chose
 * HTTP/2 (ALPN) are handed to a side of their own, which keeps limits of the same meaning. Node's own server for both
 * (`allowHTTP1`) has no limits on slow headers, and nothing that would close idle connections.
 */
export function createSecureServer({ tls, limits, hasHttp2 }: SecureServerOptions, handler: RequestListener): Server {
  const server = createServer(
    {
      ...tls.options,
      ALPNProtocols: hasHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      handshakeTimeout: limits.headerTimeout,
      maxHeaderSize: limits.headerLimit,
      headersTimeout: limits.headerTimeout,
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: Math.min(1000, limits.headerTimeout),
    },
    handler,
  );
  server.setTimeout(limits.idleTimeout);
  // Node hands failed handshakes to whoever answers broken requests; but there is nothing yet that could carry an answer.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const unfollow = tls.follow(() => server.setSecureContext(tls.options));
  server.once('close', unfollow);
  if (hasHttp2) addHttp2(server, new Http2Side(handler, limits));
  return server;
}

function addHttp2(server: Server, side: Http2Side): void {
  const [http1] = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') side.take(socket);
    else http1?.call(server, socket);
  });
  const { closeIdleConnections, closeAllConnections } = server;
  // Whoever drains the server knows of one kind of connection only.
  server.closeIdleConnections = () => {
    closeIdleConnections.call(server);
    side.closeGently();
  };
  server.closeAllConnections = () => {
    closeAllConnections.call(server);
    side.closeNow();
  };
}
