/** How soon a flow that is captured live can be asked for: from the packet on, less the time-out that ends it. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bench, type Report, timeLimit } from './benchmark.ts';
import { inScratch } from './inputs.ts';
import { quantile } from './rounds.ts';
import { WeirServer } from './weir.ts';

const weir = fileURLToPath(new URL('../bin/weir', import.meta.url));
/** The inactive time-out of the capture, and how much later a flow may be there. */
const idleMs = 1000;
const mostMs = 1000;
const flows = 20;

export const delayReport = (bench: Bench): Promise<Report> =>
  inScratch(bench, 'capture-delay', async (folder) => {
    await using server = await WeirServer.start(join(folder, 'data'));
    const receiver = createSocket('udp4').bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address();
    const delays: number[] = [];
    const words = ['--to', server.url, '--spool', join(folder, 'spool'), '--idle', `${idleMs}ms`, 'udp', 'dst', 'port', String(port)];
    const sensor = spawn(weir, ['packets', 'capture', '-i', 'lo', ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      let said = '';
      sensor.stderr.on('data', (text) => (said += text));
      while (!said.includes('capturing on')) await pause(20);
      for (let flow = 1; flow <= flows; flow++) {
        const begun = performance.now();
        await sendFlow(port);
        while ((await stored(server.url, port)) < flow) await pause(10);
        delays.push(performance.now() - begun - idleMs);
        await pause(Math.random() * 500); // not in step with what is done twice a second
      }
    } finally {
      const ended = once(sensor, 'close');
      sensor.kill('SIGINT');
      await ended;
      receiver.close();
    }
    const [median, most] = [quantile(delays, 0.5), Math.max(...delays)];
    bench.say(`a flow can be asked for ${Math.round(median)} ms behind its time-out`);
    return {
      title: `capture-live: ${flows} flows, from the time-out until they can be asked for`,
      unit: 'flows',
      standings: [],
      skipped: [],
      targets: [timeLimit('the slowest of them', most, mostMs)],
      notes: [`median ${Math.round(median)} ms, slowest ${Math.round(most)} ms`],
      figures: { medianMs: median, mostMs: most },
    };
  });

/** One datagram from a port of its own. */
async function sendFlow(port: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send('flow', port, '127.0.0.1', resolve));
  socket.close();
}

async function stored(url: string, port: number): Promise<number> {
  const answer = await fetch(`${url}/api/v1/flows/summary?filter=${encodeURIComponent(`dst port ${port}`)}`);
  return ((await answer.json()) as { flows: number }).flows;
}
