import { Registry } from 'prom-client';
import { Value } from 'typebox/value';
import { manualClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { MemoryEngine } from '../../src/keys/index.ts';
import { buildApp } from '../../src/server/app.ts';
import { serverSettings } from '../../src/server/config.ts';
import { Tickets, type TicketsConfig, ticketsSettings } from '../../src/tickets/index.ts';
import { ticketsRoutes } from '../../src/tickets/routes.ts';

/** The room of tickets on a key tree in memory, behind a whole server without a socket, and a clock that stands still. */
export async function openHouse(limits: Partial<TicketsConfig> = {}) {
  const clock = manualClock(Date.UTC(2026, 10, 22));
  const engine = new MemoryEngine(() => clock.now());
  const config = { ...(Value.Default(ticketsSettings, {}) as TicketsConfig), ...limits };
  const log = createLog({ level: 'silent' });
  const tickets = new Tickets(config, { engine, clock, log });
  await tickets.start();
  const app = await buildApp(loadConfig(serverSettings, {}), {
    log,
    clock,
    metrics: new Registry(),
    rooms: [{ name: 'tickets', routes: ticketsRoutes(tickets) }],
    ready: [],
    closing: new AbortController().signal,
    isLoopback: true,
  });
  const close = async () => {
    await app.close();
    await tickets.stop();
  };
  return { app, clock, engine, tickets, close };
}

export type House = Awaited<ReturnType<typeof openHouse>>;
