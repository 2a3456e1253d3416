import { Registry } from 'prom-client';
import { Value } from 'typebox/value';
import { systemClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { MemoryEngine, Tree } from '../../src/keys/index.ts';
import { Records, type RecordsConfig, recordsSettings } from '../../src/records/index.ts';
import { recordsRoutes } from '../../src/records/routes.ts';
import { buildApp } from '../../src/server/app.ts';
import { serverSettings } from '../../src/server/config.ts';

/** The room of records on a key tree in memory (or on one that is given), behind a whole server that listens on a free port. */
export async function openHouse(changes: Partial<RecordsConfig> = {}, engine = new MemoryEngine()) {
  const config = { ...(Value.Default(recordsSettings, {}) as RecordsConfig), mount: ['todos'], ...changes };
  const records = new Records(config, { tree: new Tree(engine, 'system') });
  const closing = new AbortController();
  const app = await buildApp(loadConfig(serverSettings, {}), {
    log: createLog({ level: 'silent' }),
    clock: systemClock,
    metrics: new Registry(),
    rooms: [{ name: 'records', routes: recordsRoutes(records) }],
    ready: [],
    closing: closing.signal,
    isLoopback: true,
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const close = async () => {
    closing.abort();
    app.server.closeAllConnections();
    await app.close();
    await records.stop();
  };
  return { app, engine, records, url, close };
}

export type House = Awaited<ReturnType<typeof openHouse>>;
