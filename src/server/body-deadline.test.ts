import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { loadConfig } from '../core/config.ts';
import { createLog } from '../core/log.ts';
import { buildApp } from './app.ts';
import { serverSettings } from './config.ts';

test.each([
  ['has arrived', 'Content-Length: 2\r\n\r\n{}'],
  ['is still on its way', 'Content-Length: 10\r\n\r\n{}'],
  ['comes in chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n'],
])('a body that nobody reads, and that %s, is no matter for the log', async (_title, rest) => {
  const lines: string[] = [];
  const app = await buildApp(
    { ...loadConfig(serverSettings, {}), requestTimeout: 100 },
    {
      log: createLog({ level: 'warn', stream: { write: (line) => lines.push(line) }, isPretty: false }),
      clock: systemClock,
      metrics: new Registry(),
      rooms: [],
      ready: [],
      closing: new AbortController().signal,
      isLoopback: true,
    },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await once(socket, 'connect');
  socket.write(`PUT /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${rest}`);
  await expect.poll(() => text).toContain(' 405 ');
  await sleep(300);
  expect(lines).toEqual([]);
  socket.destroy();
  await app.close();
});
