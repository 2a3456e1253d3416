import { Client, type Query } from '../cli/client.ts';
import { readEvents } from '../cli/sse.ts';
import type { ShownScan, ShownSchedule } from './api.ts';
import type { Change } from './diff.ts';
import type { HostResult, PortResult } from './host-result.ts';
import { base } from './hrefs.ts';
import type { ScanRequest } from './request.ts';

const pageSize = 1000;

/** The scans of a server, spoken to over HTTP. Every method throws Problem. */
export class ScansClient {
  readonly #client: Client;

  constructor(server: string) {
    this.#client = new Client(server);
  }

  run(request: ScanRequest): Promise<ShownScan> {
    return this.#send('POST', base, request);
  }

  get(id: string): Promise<ShownScan> {
    return this.#client.json({ path: pathOf(id) });
  }

  cancel(id: string): Promise<ShownScan> {
    return this.#client.json({ method: 'POST', path: `${pathOf(id)}/cancel` });
  }

  forget(id: string): Promise<void> {
    return this.#remove(pathOf(id));
  }

  /** The latest scans, `limit` at most, and how many there are. */
  async list(limit: number, query: Query): Promise<{ items: ShownScan[]; total: number }> {
    return await this.#client.json({ path: base, query: { ...query, per_page: Math.min(limit, pageSize) } });
  }

  /** How a scan goes on, until its end; the last one is over. */
  async *follow(id: number): AsyncGenerator<ShownScan> {
    const answer = await this.#client.send({ path: `${base}/${id}/events`, headers: { accept: 'text/event-stream' } });
    try {
      for await (const { data } of readEvents(this.#client.blocks(answer))) yield JSON.parse(data) as ShownScan;
    } finally {
      answer.abandon();
    }
  }

  /** Its ports, those of a state or `all`. */
  results(id: string, state: string): Promise<PortResult[]> {
    return this.#all(`${pathOf(id)}/results`, { state });
  }

  hosts(id: string): Promise<HostResult[]> {
    return this.#all(`${pathOf(id)}/hosts`);
  }

  changes(since: string, id: string): Promise<Change[]> {
    return this.#all(`${pathOf(id)}/changes`, { since });
  }

  schedule(request: ScanRequest & { every: string; ticket: boolean }): Promise<ShownSchedule> {
    return this.#send('POST', `${base}/schedules`, request);
  }

  schedules(): Promise<ShownSchedule[]> {
    return this.#all(`${base}/schedules`);
  }

  unschedule(id: string): Promise<void> {
    return this.#remove(`${base}/schedules/${encodeURIComponent(id)}`);
  }

  close(): void {
    this.#client.close();
  }

  async #all<Item>(path: string, query: Query = {}): Promise<Item[]> {
    const all: Item[] = [];
    for (let page = 1; ; page++) {
      const { items } = await this.#client.json<{ items: Item[] }>({ path, query: { ...query, page, per_page: pageSize } });
      all.push(...items);
      if (items.length < pageSize) return all;
    }
  }

  async #send<T>(method: string, path: string, body: object): Promise<T> {
    return await this.#client.json({ method, path, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }

  async #remove(path: string): Promise<void> {
    const answer = await this.#client.send({ method: 'DELETE', path });
    answer.body.resume();
  }
}

const pathOf = (id: string): string => `${base}/${encodeURIComponent(id)}`;
