/** The Weir side of a sync: tickets, and the records that remember what both sides showed when they were last in step. */
import { Client, type Query } from '../../../cli/client.ts';
import { Problem } from '../../../core/problem.ts';
import type { Ticket } from './face.ts';
import type { Base } from './merge.ts';

const tickets = '/api/v1/tickets';
const records = '/api/v1/records/github-issues';
const pageSize = 500;

export type Comment = { id: string; at: string; by: string | null; text: string };

/** A comment on both sides; `edited` is the time of the issue comment's last change that has been told. */
export type CommentPair = { ticket: string; issue: number; edited: string };

/** A ticket and an issue that belong together. */
export type Pair = {
  id?: number;
  kind: 'pair';
  repository: string;
  issue: number;
  ticket: string;
  base: Base;
  /** Of the issue, when it was last in step. */
  seen: string;
  comments: CommentPair[];
  /** True when one of the two is gone: the other is left alone. */
  isReleased?: boolean;
};

/** What is remembered of a repository. */
export type Memory = {
  id?: number;
  kind: 'repository';
  repository: string;
  /** Key of the marks; never leaves Weir. */
  secret: string;
  /** Issues that changed before this have been seen. */
  since?: string;
  /** When a sync began that has not ended, or null. */
  busy: string | null;
};

export type House = ReturnType<typeof openHouse>;

/** The tickets and records of a server. Every function throws Problem. */
export function openHouse(server: string) {
  const client = new Client(server);
  const user = { 'x-weir-user': 'github-sync' };
  const send = <T>(method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    client.json<T>({ method, path, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...user, ...headers } });
  const all = <T>(path: string, query: Query = {}) => readPages<T>(client, path, query);
  return {
    tickets: () => all<Ticket>(tickets, { include: 'description' }),
    ticket: (id: string) => readTicket(client, id),
    createTicket: (ticket: object) => send<Ticket>('POST', tickets, ticket),
    /** With the tag: `precondition-failed` when somebody changed it meanwhile. */
    changeTicket: (id: string, patch: object, tag: string) => send<Ticket>('PATCH', `${tickets}/${id}`, patch, { 'if-match': tag }),
    comments: (id: string) => all<Comment>(`${tickets}/${id}/comments`),
    comment: (id: string, text: string) => send<Comment>('POST', `${tickets}/${id}/comments`, { text }),
    pairs: (repository: string) => readRecords<Pair>(client, { repository, kind: 'pair' }),
    memory: async (repository: string) => (await readRecords<Memory>(client, { repository, kind: 'repository' }))[0],
    keep: async <R extends Pair | Memory>(record: R): Promise<R> => {
      if (record.id === undefined) return send<R>('POST', records, record);
      return send<R>('PUT', `${records}/${record.id}`, record);
    },
    close: () => client.close(),
  };
}

async function readTicket(client: Client, id: string): Promise<{ ticket: Ticket; tag: string } | undefined> {
  try {
    const answer = await client.send({ path: `${tickets}/${id}` });
    const blocks: Uint8Array[] = [];
    for await (const block of client.blocks(answer)) blocks.push(block);
    return { ticket: JSON.parse(Buffer.concat(blocks).toString()) as Ticket, tag: String(answer.headers.etag) };
  } catch (error) {
    if (error instanceof Problem && (error.code === 'not-found' || error.code === 'gone')) return undefined;
    throw error;
  }
}

/** Records of the collection, which is not there before the first sync. */
async function readRecords<R>(client: Client, query: Query): Promise<R[]> {
  try {
    return await readPages<R>(client, records, query);
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return [];
    throw error;
  }
}

async function readPages<T>(client: Client, path: string, query: Query): Promise<T[]> {
  const items: T[] = [];
  for (let page = 1; ; page++) {
    const answer = await client.json<{ items: T[] }>({ path, query: { ...query, page, per_page: pageSize } });
    items.push(...answer.items);
    if (answer.items.length < pageSize) return items;
  }
}
