import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, ConnectScan } from './connect-scan.ts';
import { type HostResult, resultOf } from './host-result.ts';
import { orderPorts } from './order.ts';
import { readTarget, type Target } from './targets.ts';

const servers: Server[] = [];
let open: number;
let resetting: number;
let open6: number;
let closed: number;

beforeAll(async () => {
  open = await listen('127.0.0.1', (socket) => socket.destroy());
  resetting = await listen('127.0.0.1', (socket) => socket.resetAndDestroy());
  open6 = await listen('::1', (socket) => socket.destroy());
  closed = await listen('127.0.0.1', () => {});
  const last = servers.pop() as Server;
  last.close();
  await once(last, 'close');
});
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(host: string, serve: (socket: Socket) => void): Promise<number> {
  const server = createServer(serve);
  server.on('connection', (socket) => socket.on('error', () => {}));
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function scan(words: string[], ports: number[], more: Partial<ConnectOptions> = {}): Promise<HostResult[]> {
  const order = orderPorts(ports, 1);
  const found: HostResult[] = [];
  const targets = words.flatMap((word) => (readTarget(word, 300) as { targets: Target[] }).targets);
  await new ConnectScan({
    targets,
    ports: order,
    concurrency: 64,
    retries: 1,
    signal: new AbortController().signal,
    onHost: (host) => found.push(resultOf(host, order)),
    ...more,
  }).run();
  return found;
}

describe('the connect scanner', () => {
  test('tells open ports, those that reset at once, and closed ones', async () => {
    const [host] = await scan(['127.0.0.1'], [open, resetting, closed]);
    expect(host).toMatchObject({ address: '127.0.0.1', status: 'up' });
    const states = Object.fromEntries(host?.groups.flatMap(({ state, ports }) => ports.split(',').map((port) => [port, state])) ?? []);
    expect(states).toEqual({ [open]: 'open', [resetting]: 'open', [closed]: 'closed' });
  });

  test('scans IPv6, and several addresses at once', async () => {
    const hosts = await scan(['::1', '127.0.0.1'], [open6, open]);
    const openOf = (address: string) => hosts.find((host) => host.address === address)?.groups.find(({ state }) => state === 'open')?.ports;
    expect(openOf('::1')).toBe(String(open6));
    expect(openOf('127.0.0.1')).toBe(String(open));
  });

  test('tells the truth about every port of the ephemeral range, again and again', async () => {
    // Here the kernel gives out the ports that we ask for: a naive scanner meets itself.
    const ports = Array.from({ length: 6000 }, (_, i) => 32_768 + 2 * i);
    const others = await listeningPorts();
    for (let round = 0; round < 2; round++) {
      const [host] = await scan(['127.0.0.1'], ports, { concurrency: 256 });
      const found = new Set(
        host?.groups
          .find(({ state }) => state === 'open')
          ?.ports.split(/[,]/)
          .map(Number) ?? [],
      );
      const now = await listeningPorts();
      for (const port of found) if (!Number.isNaN(port)) expect(others.has(port) || now.has(port), `port ${port}`).toBe(true);
    }
  });

  test('ends with what it has when it is cancelled', async () => {
    const stop = new AbortController();
    const running = scan(
      ['127.0.0.1'],
      Array.from({ length: 20_000 }, (_, i) => i + 1),
      { signal: stop.signal, rate: 100 },
    );
    setTimeout(() => stop.abort(), 200);
    const [host] = await running;
    expect(host?.missing).toBeGreaterThan(10_000);
  });
});

/** Ports that somebody listens on, as the kernel tells. */
async function listeningPorts(): Promise<Set<number>> {
  const { readFile } = await import('node:fs/promises');
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return new Set(fields.filter((one) => one[3] === '0A').map((one) => Number.parseInt(one[1]?.split(':')[1] ?? '', 16)));
}
