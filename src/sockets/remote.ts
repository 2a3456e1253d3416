/** The sockets of a server, and what its rooms do for frames, over HTTP. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '../cli/client.ts';
import { Problem } from '../core/problem.ts';
import type { ShownListener, ShownPeer } from './api.ts';
import type { House } from './destinations/house.ts';
import { base, hrefOf } from './places.ts';

type Import = { id: number; state: string; rows_bad: number; problem: Parameters<typeof Problem.revive>[0] | null };

/** How often an import is asked whether it is stored. */
const importPollMs = 200;

export class SocketsClient {
  readonly #client: Client;

  constructor(server: string) {
    this.#client = new Client(server);
  }

  async list(): Promise<ShownListener[]> {
    return await this.#all<ShownListener>(base);
  }

  async get(name: string): Promise<ShownListener> {
    return await this.#client.json({ path: hrefOf(name) });
  }

  async peers(name: string): Promise<ShownPeer[]> {
    return await this.#all<ShownPeer>(`${hrefOf(name)}/peers`);
  }

  async turn(name: string, to: 'start' | 'stop'): Promise<ShownListener> {
    return await this.#client.json({ method: 'POST', path: `${hrefOf(name)}/${to}` });
  }

  /** What the rooms of the server do for frames that this process takes. */
  get house(): House {
    const headers = { 'content-type': 'application/json' };
    return {
      addRecords: async (collection, values) => {
        const path = `/api/v1/records/${collection}/import`;
        await this.#client.json({ method: 'POST', path, headers, body: JSON.stringify(values) });
      },
      openTicket: async ({ description, peer, listener }) => {
        const body = JSON.stringify({ description: `${description}\n\n(${listener}, ${peer})`, labels: ['sockets'] });
        await this.#client.json({ method: 'POST', path: '/api/v1/tickets', headers, body });
      },
      importFlows: async (name, text) => await this.#importFlows(name, text),
    };
  }

  close(): void {
    this.#client.close();
  }

  async #importFlows(name: string, text: Uint8Array): Promise<{ refused: number }> {
    const query = { name, again: true, skip_bad: 'all' };
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(text.length) };
    let record = await this.#client.json<Import>({ method: 'POST', path: '/api/v1/imports', query, headers, body: text });
    while (record.state !== 'done' && record.state !== 'failed') {
      await pause(importPollMs);
      record = await this.#client.json<Import>({ path: `/api/v1/imports/${record.id}` });
    }
    if (record.problem !== null) throw Problem.revive(record.problem);
    return { refused: record.rows_bad };
  }

  async #all<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let page = 1; ; page++) {
      const { items: more, total } = await this.#client.json<{ items: Item[]; total: number }>({ path, query: { page, per_page: 1000 } });
      items.push(...more);
      if (more.length === 0 || items.length >= total) return items;
    }
  }
}
