import { Client, type Query } from '../cli/client.ts';
import { readEvents, type ServerEvent } from '../cli/sse.ts';
import { base, type ShownJob } from './api.ts';

/** What a submission answers, or a look at one job. */
export type { ShownJob };

/** Accelerator's rows. */
export type VovRows = { columns: { field: string }[]; rows: (string | number)[][] };

const pageSize = 500;

/** The jobs of a server, spoken to over HTTP. Every method throws Problem. */
export class JobsClient {
  readonly #client: Client;

  constructor(server: string) {
    this.#client = new Client(server);
  }

  submit(submission: Record<string, unknown>): Promise<ShownJob> {
    return this.#send('POST', base, submission);
  }

  get(id: string): Promise<ShownJob> {
    return this.#client.json({ path: `${base}/${encodeURIComponent(id)}` });
  }

  /** All jobs that a query wants, at most `limit` of them, and how many there are. */
  async list(query: Query, limit = Number.POSITIVE_INFINITY): Promise<{ items: ShownJob[]; total: number }> {
    const items: ShownJob[] = [];
    const per_page = Math.min(limit, pageSize);
    for (let page = 1; ; page++) {
      const answer = await this.#client.json<{ items: ShownJob[]; total: number }>({ path: base, query: { ...query, page, per_page } });
      items.push(...answer.items);
      if (items.length >= limit || answer.items.length < per_page) return { items: items.slice(0, limit), total: answer.total };
    }
  }

  act(id: string, action: string, query: Query = {}): Promise<ShownJob> {
    return this.#client.json({ method: 'POST', path: `${base}/${encodeURIComponent(id)}/${action}`, query });
  }

  async forget(id: string, logs: boolean): Promise<void> {
    const answer = await this.#client.send({ method: 'DELETE', path: `${base}/${encodeURIComponent(id)}`, query: { logs } });
    answer.body.resume();
  }

  environment(id: string): Promise<Record<string, string>> {
    return this.#client.json({ path: `${base}/${encodeURIComponent(id)}/environment` });
  }

  /** Accelerator's look at a job. */
  rows(id: string): Promise<VovRows> {
    return this.#client.json({ path: `/api/v3/jobs/${encodeURIComponent(id)}` });
  }

  /** The log, block by block. */
  async *log(id: string, tail?: number): AsyncGenerator<Uint8Array> {
    const query: Query = tail === undefined ? {} : { tail };
    const answer = await this.#client.send({ path: `${base}/${encodeURIComponent(id)}/log`, query, headers: { accept: '*/*' } });
    yield* this.#client.blocks(answer);
  }

  /** What a job prints, as it comes; ends with the job. */
  follow(id: string): AsyncGenerator<ServerEvent> {
    return this.#events(`${base}/${encodeURIComponent(id)}/log/live`, {});
  }

  /** How jobs stand now, and each change of theirs from then on. */
  events(ids: readonly string[], signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    return this.#events(`${base}/events`, { id: ids.join(',') }, signal);
  }

  close(): void {
    this.#client.close();
  }

  async *#events(path: string, query: Query, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    const headers = { accept: 'text/event-stream' };
    const answer = await this.#client.send({ path, query, headers, ...(signal !== undefined && { signal }) });
    try {
      yield* readEvents(this.#client.blocks(answer));
    } finally {
      answer.abandon();
    }
  }

  async #send<T>(method: string, path: string, body: unknown): Promise<T> {
    return await this.#client.json({ method, path, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }
}
