import { Client, type Query } from '../cli/client.ts';
import { readEvents, type ServerEvent } from '../cli/sse.ts';
import { hrefOf } from './hrefs.ts';
import type { JsonRecord } from './record.ts';

/** A collection as a server lists it. */
export type ShownCollection = { name: string; count: number; has_schema: boolean };

type Page<Item> = { items: Item[]; total: number; links: { next?: { href: string } } };

const base = '/api/v1/records';
const pageSize = 500;
const json = { 'content-type': 'application/json' };

/** The records of a server, spoken to over HTTP. Every method throws Problem. */
export class RecordsClient {
  readonly #client: Client;

  constructor(server: string) {
    this.#client = new Client(server);
  }

  async collections(): Promise<ShownCollection[]> {
    return (await this.#pages<ShownCollection>(base, {}, Number.POSITIVE_INFINITY)).items;
  }

  /** What a query finds, at most `limit` of it, and how much there is in all. */
  list(collection: string, query: Query, limit: number): Promise<{ items: JsonRecord[]; total: number }> {
    return this.#pages(hrefOf(collection), query, limit);
  }

  get(collection: string, id: string): Promise<JsonRecord> {
    return this.#client.json({ path: itemOf(collection, id) });
  }

  create(collection: string, draft: unknown): Promise<JsonRecord> {
    return this.#client.json({ method: 'POST', path: hrefOf(collection), body: JSON.stringify(draft), headers: json });
  }

  set(collection: string, id: string, draft: unknown): Promise<JsonRecord> {
    return this.#client.json({ method: 'PUT', path: itemOf(collection, id), body: JSON.stringify(draft), headers: json });
  }

  /** Changes what a merge patch names, or does what the list of a JSON patch says. */
  patch(collection: string, id: string, patch: unknown): Promise<JsonRecord> {
    const type = Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json';
    const headers = { 'content-type': type };
    return this.#client.json({ method: 'PATCH', path: itemOf(collection, id), body: JSON.stringify(patch), headers });
  }

  async remove(collection: string, id: string): Promise<void> {
    await this.#discard('DELETE', itemOf(collection, id));
  }

  async removeAll(collection: string): Promise<void> {
    await this.#discard('DELETE', `${hrefOf(collection)}?confirm=all`);
  }

  /** Adds records, all or none of them. */
  import(collection: string, lines: readonly string[], isReplacing: boolean): Promise<{ imported: number }> {
    const headers = { 'content-type': 'application/x-ndjson' };
    const path = `${hrefOf(collection)}/import`;
    return this.#client.json({ method: 'POST', path, query: { replace: isReplacing }, body: `${lines.join('\n')}\n`, headers });
  }

  /** All records as NDJSON, block by block. */
  async *export(collection: string): AsyncGenerator<Uint8Array> {
    const answer = await this.#client.send({ path: `${hrefOf(collection)}/export`, headers: { accept: 'application/x-ndjson' } });
    yield* this.#client.blocks(answer);
  }

  /** What happens to records, behind the event of an id if one is given. */
  async *events(collection: string, last: string | undefined): AsyncGenerator<ServerEvent> {
    const headers = { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) };
    const answer = await this.#client.send({ path: `${hrefOf(collection)}/events`, headers });
    try {
      yield* readEvents(this.#client.blocks(answer));
    } finally {
      answer.abandon();
    }
  }

  schema(collection: string): Promise<object> {
    return this.#client.json({ path: schemaOf(collection) });
  }

  setSchema(collection: string, schema: unknown): Promise<object> {
    return this.#client.json({ method: 'PUT', path: schemaOf(collection), body: JSON.stringify(schema), headers: json });
  }

  async removeSchema(collection: string): Promise<void> {
    await this.#discard('DELETE', schemaOf(collection));
  }

  close(): void {
    this.#client.close();
  }

  async #discard(method: string, path: string): Promise<void> {
    const answer = await this.#client.send({ method, path });
    answer.body.resume();
  }

  async #pages<Item>(path: string, query: Query, limit: number): Promise<{ items: Item[]; total: number }> {
    const items: Item[] = [];
    let page = await this.#client.json<Page<Item>>({ path, query: { ...query, per_page: Math.min(limit, pageSize) } });
    for (;;) {
      items.push(...page.items);
      const { next } = page.links;
      if (items.length >= limit || next === undefined) return { items: items.slice(0, limit), total: page.total };
      page = await this.#client.json<Page<Item>>({ path: next.href });
    }
  }
}

const itemOf = (collection: string, id: string): string => `${hrefOf(collection)}/${encodeURIComponent(id)}`;
const schemaOf = (collection: string): string => `${hrefOf(collection)}/schema`;
