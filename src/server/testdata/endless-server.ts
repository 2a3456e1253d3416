/** A server with one room whose answer never ends, as a process of its own: for tests of how signals end it. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../core/config.ts';
import { createLog } from '../../core/log.ts';
import { untilSignal } from '../../core/shutdown.ts';
import type { Room } from '../room.ts';
import { settings } from '../rooms.ts';
import { Server } from '../server.ts';

async function* rows() {
  for (;;) {
    yield 'row\n';
    await sleep(20);
  }
}

const room: Room = {
  name: 'endless',
  routes: async (app) => {
    app.get('/endless', { config: { role: 'viewer' } }, async (_request, reply) => reply.type('text/plain').send(Readable.from(rows())));
  },
};
const [data = '', drainTimeout = '20s'] = process.argv.slice(2);
const config = loadConfig(settings, { flags: { 'server.listen': '127.0.0.1:0', 'server.drainTimeout': drainTimeout } });
const log = createLog({ level: 'info' });
const server = new Server(config.server, { log, data, rooms: [() => room] });
console.log(`listening on ${await server.start()}, data in ${data}`);
await untilSignal({ stop: () => server.stop(), log });
