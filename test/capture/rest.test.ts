/** Captures of a server over REST: started, looked at as they come, stopped, downloaded, made into flows; and what is refused. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningServer } from '../flows/running-server.ts';
import { hasTcpdump } from './reading.ts';

const canCapture = hasTcpdump && process.getuid?.() === 0;

describe.skipIf(!canCapture)('captures over REST [needs root and tcpdump]', { timeout: 120_000 }, () => {
  let server: RunningServer;
  let socket: Socket;
  let port: number;
  let timer: NodeJS.Timeout;
  beforeAll(async () => {
    server = await RunningServer.start(['captures.interfaces=lo,any', 'captures.atOnce=2']);
    socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    port = socket.address().port;
    timer = setInterval(() => socket.send('marker', port, '127.0.0.1'), 20);
  }, 120_000);
  afterAll(async () => {
    clearInterval(timer);
    socket?.close();
    await server?.stop();
  });

  const ask = async (method: string, path: string, body?: object) => {
    const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${server.url}${path}`, { method, ...json });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  };

  test('interfaces are listed, with those that may be captured on', async () => {
    const { body } = await ask('GET', '/api/v1/interfaces?per_page=100');
    const by = Object.fromEntries(body.items.map((one: { name: string; capturable: boolean }) => [one.name, one.capturable]));
    expect(by).toMatchObject({ lo: true, any: true });
    expect(
      Object.entries(by)
        .filter(([name]) => name !== 'lo' && name !== 'any')
        .every(([, capturable]) => capturable === false),
    ).toBe(true);
  });

  test('a capture runs, is followed in both forms, stops, and has a file', async () => {
    const { status, body } = await ask('POST', '/api/v1/captures', { interface: 'lo', filter: `udp port ${port}` });
    expect([status, body.state]).toEqual([201, 'running']);
    for (const accept of ['application/x-ndjson', 'text/event-stream']) {
      const gone = new AbortController();
      const answer = await fetch(`${server.url}${body.links.packets.href}?where=udp`, { headers: { accept }, signal: gone.signal });
      let text = '';
      for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(part).toString();
        if (text.includes('"udp"')) break;
      }
      gone.abort();
      expect(text).toContain(`"dstport":${port}`);
    }
    const stopped = await ask('POST', `${body.links.self.href}/stop`);
    expect([stopped.status, stopped.body.state]).toEqual([200, 'done']);
    expect(stopped.body).toMatchObject({ dropped: 0, interface: 'lo' });
    expect(stopped.body.packets).toBeGreaterThan(0);
    const file = Buffer.from(await (await fetch(`${server.url}${body.links.file.href}`)).arrayBuffer());
    expect(file.readUInt32LE(0)).toBe(0xa1b2c3d4);
    expect(file.length).toBe(24 + stopped.body.packets * (16 + 14 + 20 + 8 + 6));
    expect((await ask('DELETE', body.links.self.href)).status).toBe(204);
    expect((await ask('GET', body.links.self.href)).status).toBe(404);
  });

  test('limits end a capture, and its flows are in the store', async () => {
    const order = { interface: 'lo', filter: `udp port ${port}`, packets: 5, flows: true, file: false };
    const { body } = await ask('POST', '/api/v1/captures', order);
    let now = body;
    while (now.state === 'running') {
      await pause(20);
      now = (await ask('GET', body.links.self.href)).body;
    }
    expect(now).toMatchObject({ state: 'done', flows: 1 });
    const filter = encodeURIComponent(`dst port ${port}`);
    for (;;) {
      const { body: sums } = await ask('GET', `/api/v1/flows/summary?filter=${filter}`);
      if (sums.flows > 0) {
        expect(sums).toMatchObject({ flows: 1, packets: 5 });
        break;
      }
      await pause(50);
    }
    expect((await ask('GET', `${body.links.self.href}/file`)).status).toBe(404);
  });

  test('what may not be is refused with its reason', async () => {
    expect((await ask('POST', '/api/v1/captures', { interface: 'eth99' })).status).toBe(403);
    const wrong = await ask('POST', '/api/v1/captures', { interface: 'lo', filter: 'tcp and and' });
    expect([wrong.status, wrong.body.pointer]).toEqual([400, 'filter']);
    expect((await ask('POST', '/api/v1/captures', { interface: 'lo', filter: '-w /etc/x' })).status).toBe(400);
    const [one, two] = [
      await ask('POST', '/api/v1/captures', { interface: 'lo' }),
      await ask('POST', '/api/v1/captures', { interface: 'lo' }),
    ];
    expect([one.status, two.status, (await ask('POST', '/api/v1/captures', { interface: 'lo' })).status]).toEqual([201, 201, 429]);
    for (const { body } of [one, two]) await ask('POST', body.links.stop.href);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^weir_captures_running 0$/m);
  });
});
