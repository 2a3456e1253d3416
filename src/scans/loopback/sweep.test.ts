import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HostResult } from '../host-result.ts';
import { listedPorts } from '../ports.ts';
import { runConnect } from '../run-connect.ts';
import { code } from '../state.ts';
import { sweepLoopback } from './sweep.ts';

const servers: Server[] = [];
const quiet = { signal: new AbortController().signal, onAsked: () => {} };

async function listen(host: string, serve: (socket: Socket) => void = (socket) => socket.destroy()): Promise<number> {
  const server = createServer(serve).on('connection', (socket) => socket.on('error', () => {}));
  servers.push(server);
  await once(server.listen(0, host), 'listening');
  return (server.address() as { port: number }).port;
}

async function closedPort(): Promise<number> {
  const port = await listen('127.0.0.1');
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.close();
});

describe('helpers that ask loopback', () => {
  test.for(['127.0.0.1', '::1'])('tell open ports of %s from closed ones', async (address) => {
    const ports = Uint16Array.of(await closedPort(), await listen(address), 1);
    expect([...(await sweepLoopback(address, ports, quiet))]).toEqual([code.refused, code.open, code.refused]);
  });

  test('ask a port once: one who takes a single connection is seen, and seen as open', async () => {
    let met = 0;
    const port = await listen('127.0.0.1', (socket) => {
      met++;
      socket.destroy();
      servers[0]?.close();
    });
    const [found] = await scan([port]);
    expect(openPorts(found)).toContain(port);
    expect(met).toBe(1);
  });

  test('count what they have asked', async () => {
    const open = await listen('127.0.0.1');
    const told = { ports: 0, open: 0 };
    const ports = Uint16Array.from({ length: 3000 }, (_, i) => (i === 7 ? open : i + 1));
    await sweepLoopback('127.0.0.1', ports, {
      ...quiet,
      onAsked: (asked, found) => {
        told.ports += asked;
        told.open += found;
      },
    });
    expect(told.ports).toBe(3000);
    expect(told.open).toBeGreaterThan(0);
  });

  test('end when they are told to, with what they have', async () => {
    const stop = new AbortController();
    const ports = Uint16Array.from({ length: 65_535 }, (_, i) => i + 1);
    const codes = await sweepLoopback('127.0.0.1', ports, { signal: stop.signal, onAsked: () => stop.abort() });
    expect(codes.filter((one) => one === code.none).length).toBeGreaterThan(10_000);
  });

  test('are not needed: without Perl the scanner asks all ports itself', async () => {
    const port = await listen('127.0.0.1');
    vi.stubEnv('PATH', '/nowhere');
    const [found, engine] = await scan([port]);
    expect(openPorts(found)).toContain(port);
    expect(engine.arguments.join(' ')).not.toContain('swept');
    expect(found?.groups.reduce((count, group) => count + group.count, 0)).toBe(1001);
  });

  test('know nothing of an address that is none', async () => {
    expect([...(await sweepLoopback('::1%lo;id', Uint16Array.of(1, 2), quiet))]).toEqual([code.none, code.none]);
  });
});

const openPorts = (host: HostResult | undefined): number[] => listedPorts(host?.groups.find(({ state }) => state === 'open')?.ports ?? '');

/** A scan of a thousand ports that most probably nobody listens on, and some more. */
async function scan(more: number[]) {
  const hosts: HostResult[] = [];
  const engine = await runConnect(
    {
      method: 'connect',
      targets: [{ address: '127.0.0.1', family: 4, isSingle: true }],
      ports: [...Array.from({ length: 1000 }, (_, i) => 9000 + i), ...more].sort((a, b) => a - b),
      concurrency: 64,
      retries: 0,
      isAssumedUp: false,
      seed: 1,
      nmap: 'nmap',
    },
    { signal: new AbortController().signal, onHosts: (found) => hosts.push(...found), onProgress: () => {} },
  );
  return [hosts[0], engine] as const;
}
