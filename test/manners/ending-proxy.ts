/** A proxy that ends what does not end by itself: feeds and watches can be asked like anything else. */
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Milliseconds that an answer has behind its head. */
const patience = 300;

/** A body that ends by itself, and whose length nobody was told: what is cut there is no worse than what is not. */
const isEndless = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] === undefined &&
  (headers['content-type']?.startsWith('text/event-stream') === true || 'x-etcd-index' in headers);

export async function openEndingProxy(target: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => pass(new URL(target), request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

function pass({ hostname, port }: URL, request: IncomingMessage, response: ServerResponse): void {
  const { method, url: path, rawHeaders: headers } = request;
  const outgoing = openRequest({ host: hostname, port, method, path, headers, agent: false, setHost: false, maxHeaderSize: 1024 * 1024 });
  outgoing.on('error', () => response.destroy());
  outgoing.on('response', (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, incoming.rawHeaders.filter(isOfTheAnswer));
    incoming.on('error', () => response.destroy());
    incoming.pipe(response);
    if (!isEndless(incoming)) return;
    const timer = setTimeout(() => {
      incoming.unpipe(response);
      response.end();
      incoming.destroy();
    }, patience);
    incoming.once('end', () => clearTimeout(timer));
  });
  request.on('error', () => outgoing.destroy());
  request.pipe(outgoing);
}

/** Headers come as names and values in turn; how the body is cut up is each connection's own. */
function isOfTheAnswer(_text: string, at: number, all: string[]): boolean {
  const name = (all[at - (at % 2)] as string).toLowerCase();
  return name !== 'transfer-encoding' && name !== 'connection' && name !== 'keep-alive';
}
