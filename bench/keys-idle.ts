/** Watchers that wait: connections that hold a watch each, and do nothing. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const openedAtOnce = 100;

/** Opens so many watches of one key; they are registered when this resolves, and closed with what it resolves to. */
export async function holdWatchers(url: string, count: number): Promise<AsyncDisposable> {
  const port = Number(new URL(url).port);
  const sockets: Socket[] = [];
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /v2/keys/bench/idle?wait=true&stream=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    // The head comes at once.
    await once(socket, 'data');
    return socket;
  };
  while (sockets.length < count) {
    const wanted = Math.min(openedAtOnce, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: wanted }, open))));
  }
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
