import { Client, type Query, type Request } from '../cli/client.ts';
import type { TicketItem, TicketsPort, TicketsQuery, Versioned } from './access.ts';
import type { ShownComment, ShownEntry, ShownTicket } from './api.ts';
import { collection, hrefOf } from './hrefs.ts';

/** Items on a page; a description of the usual size times this fits in memory with ease. */
const pageSize = 500;

/** The tickets of a server, spoken to over HTTP in the name of `user`. */
export function openRemoteTickets(server: string, user: string | undefined): TicketsPort {
  const client = new Client(server);
  const named: Record<string, string> = user === undefined ? {} : { 'x-weir-user': encodeURIComponent(user) };
  const send = <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    client.json<T>(withBody({ method, path, headers: { ...named, ...headers } }, body));
  const discard = async (path: string) => {
    const answer = await client.send({ method: 'DELETE', path, headers: named });
    answer.body.resume();
  };
  const all = <T>(path: string, query: Query = {}) => readPages<T>(client, path, query, Number.POSITIVE_INFINITY);
  return {
    list: (query: TicketsQuery, limit) => readPages<TicketItem>(client, collection, query, limit),
    get: (id) => readTicket(client, id),
    create: (ticket) => send('POST', collection, ticket),
    change: (id, patch, tag) => send('PATCH', hrefOf(id), patch, tag === undefined ? {} : { 'if-match': tag }),
    move: (id, state) => send('POST', `${hrefOf(id)}/state/${state}`),
    remove: (id) => discard(hrefOf(id)),
    removeAll: () => discard(`${collection}?confirm=all`),
    comments: async (id) => (await all<ShownComment>(`${hrefOf(id)}/comments`)).items,
    comment: (id, text) => send('POST', `${hrefOf(id)}/comments`, { text }),
    removeComment: (id, comment) => discard(`${hrefOf(id)}/comments/${encodeURIComponent(comment)}`),
    history: async (id) => (await all<ShownEntry>(`${hrefOf(id)}/history`)).items,
    close: async () => client.close(),
  };
}

const withBody = (request: Request, body: unknown): Request =>
  body === undefined
    ? request
    : { ...request, body: JSON.stringify(body), headers: { ...request.headers, 'content-type': 'application/json' } };

async function readTicket(client: Client, id: string): Promise<Versioned> {
  const answer = await client.send({ path: hrefOf(id) });
  const blocks: Uint8Array[] = [];
  for await (const block of client.blocks(answer)) blocks.push(block);
  return { ticket: JSON.parse(Buffer.concat(blocks).toString()) as ShownTicket, tag: String(answer.headers.etag) };
}

async function readPages<T>(client: Client, path: string, query: Query, limit: number): Promise<{ items: T[]; total: number }> {
  const items: T[] = [];
  const per_page = Math.min(limit, pageSize);
  for (let page = 1; ; page++) {
    const answer = await client.json<{ items: T[]; total: number }>({ path, query: { ...query, page, per_page } });
    items.push(...answer.items);
    if (items.length >= limit || answer.items.length < per_page) return { items: items.slice(0, limit), total: answer.total };
  }
}
