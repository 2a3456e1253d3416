import { Client, type Query } from '../cli/client.ts';
import { readEvents, type ServerEvent } from '../cli/sse.ts';
import type { ShownJob } from './api.ts';
import { base } from './hrefs.ts';

/** What a submission answers, or a look at one job. */
export type { ShownJob };

/** Accelerator's rows. */
export type VovRows = { columns: { field: string }[]; rows: (string | number)[][] };

/** What there is to share, and what of it is free. */
export type QueueFacts = {
  jobs: number;
  states: Record<string, number>;
  ready: number;
  running: number;
  hosts: { host: string; amounts: Record<string, number>; free: Record<string, number> }[];
};

/** A preset of submissions. */
export type ShownClass = { name: string; description?: string; members: Record<string, unknown> };

/** A set of jobs: how many of them are in each state. */
export type ShownSet = { name: string; jobs: number; states: Record<string, number> };

/** What became of each job of a set. */
export type SetAnswer = { done: string[]; refused: { id: string; reason: string }[] };

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

  /** What a terminal shows, as it comes; ends with it. Throws `conflict` while there is none. */
  async terminal(id: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.#client.send({ path: terminalPath(id), headers: { accept: '*/*' }, signal });
    return this.#client.blocks(answer);
  }

  /** Types at a terminal. */
  async type(id: string, keys: Uint8Array): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(keys.length) };
    const answer = await this.#client.send({ method: 'POST', path: terminalPath(id), headers, body: keys });
    answer.body.resume();
  }

  async resize(id: string, size: { rows: number; columns: number }): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#client.send({ method: 'PUT', path: `${terminalPath(id)}/size`, headers, body: JSON.stringify(size) });
    answer.body.resume();
  }

  queue(): Promise<QueueFacts> {
    return this.#client.json({ path: `${base}/queue` });
  }

  /** Every change of jobs from the moment that this resolves. */
  async changes(query: Query, signal: AbortSignal): Promise<AsyncGenerator<ServerEvent>> {
    return await this.#open(`${base}/events`, query, signal);
  }

  async classes(): Promise<ShownClass[]> {
    return (await this.#client.json<{ items: ShownClass[] }>({ path: `${base}/classes` })).items;
  }

  class(name: string): Promise<ShownClass> {
    return this.#client.json({ path: classPath(name) });
  }

  setClass(name: string, body: Omit<ShownClass, 'name'>): Promise<ShownClass> {
    return this.#send('PUT', classPath(name), body);
  }

  async removeClass(name: string): Promise<void> {
    const answer = await this.#client.send({ method: 'DELETE', path: classPath(name) });
    answer.body.resume();
  }

  async sets(): Promise<ShownSet[]> {
    return (await this.#client.json<{ items: ShownSet[] }>({ path: `${base}/sets` })).items;
  }

  actOnSet(name: string, action: string): Promise<SetAnswer> {
    return this.#client.json({ method: 'POST', path: `${setPath(name)}/${action}` });
  }

  forgetSet(name: string): Promise<SetAnswer> {
    return this.#client.json({ method: 'DELETE', path: setPath(name) });
  }

  close(): void {
    this.#client.close();
  }

  async *#events(path: string, query: Query, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    yield* await this.#open(path, query, signal);
  }

  async #open(path: string, query: Query, signal?: AbortSignal): Promise<AsyncGenerator<ServerEvent>> {
    const headers = { accept: 'text/event-stream' };
    const answer = await this.#client.send({ path, query, headers, ...(signal !== undefined && { signal }) });
    const blocks = this.#client.blocks(answer);
    return (async function* () {
      try {
        yield* readEvents(blocks);
      } finally {
        answer.abandon();
      }
    })();
  }

  async #send<T>(method: string, path: string, body: unknown): Promise<T> {
    return await this.#client.json({ method, path, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }
}

const terminalPath = (id: string): string => `${base}/${encodeURIComponent(id)}/terminal`;
const classPath = (name: string): string => `${base}/classes/${encodeURIComponent(name)}`;
const setPath = (name: string): string => `${base}/sets/${encodeURIComponent(name)}`;
