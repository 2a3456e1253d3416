import { Client, type Query } from '../cli/client.ts';
import { largestPage } from '../core/page-size.ts';
import type { AccessPort, ShownAccount, ShownLine, ShownToken } from './port.ts';

const users = '/api/v1/users';
const tokens = '/api/v1/tokens';
const pageSize = 100;
/** A command says what a user is to be, whatever somebody else changes at the same time. */
const anyVersion = { 'if-match': '*' };

/** The access of a server, spoken to over HTTP. */
export function openRemoteAccess(server: string): AccessPort {
  const client = new Client(server);
  const send = <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    client.json<T>({
      method,
      path,
      headers: { ...headers, ...jsonHeader(body) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const discard = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const given = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await client.send({ method, path, headers: { ...headers, ...jsonHeader(body) }, ...given });
    answer.body.resume();
  };
  return {
    users: () => readPages<ShownAccount>(client, users),
    user: (name) => client.json({ path: userPath(name) }),
    addUser: (wish) => send('POST', users, wish),
    changeUser: (name, change) => send('PATCH', userPath(name), change, anyVersion),
    setPassword: (name, change) => discard('PUT', `${userPath(name)}/password`, change),
    unlock: (name) => discard('POST', `${userPath(name)}/unlock`),
    endLogins: (name) => discard('POST', `${userPath(name)}/logout`),
    removeUser: (name) => discard('DELETE', userPath(name), undefined, anyVersion),
    tokens: (user) => readPages<ShownToken>(client, tokens, { user }),
    addToken: (wish) => send('POST', tokens, wish),
    rotateToken: (id) => send('POST', `${tokens}/${encodeURIComponent(id)}/rotate`),
    removeToken: (id) => discard('DELETE', `${tokens}/${encodeURIComponent(id)}`),
    rotateKeys: (at_once) => discard('POST', '/api/v1/signing-keys/rotate', { at_once }),
    audit: ({ limit, ...query }) => readAudit(client, limit, query),
    checkAudit: () => client.json({ path: '/api/v1/audit/check' }),
    close: async () => client.close(),
  };
}

const userPath = (name: string): string => `${users}/${encodeURIComponent(name)}`;
const jsonHeader = (body: unknown): Record<string, string> => (body === undefined ? {} : { 'content-type': 'application/json' });

/** The latest lines, page by page: what is added meanwhile stands in front of all. */
async function readAudit(client: Client, limit: number, query: Query): Promise<ShownLine[]> {
  const items: ShownLine[] = [];
  type Page = { items: ShownLine[]; links: { next?: { href: string } } };
  let page = await client.json<Page>({ path: '/api/v1/audit', query: { ...query, per_page: Math.min(limit, largestPage) } });
  for (;;) {
    items.push(...page.items);
    if (items.length >= limit || page.links.next === undefined) return items.slice(0, limit);
    page = await client.json<Page>({ path: page.links.next.href });
  }
}

async function readPages<T>(client: Client, path: string, query: Query = {}): Promise<T[]> {
  const items: T[] = [];
  for (let page = 1; ; page++) {
    const answer = await client.json<{ items: T[] }>({ path, query: { ...query, page, per_page: pageSize } });
    items.push(...answer.items);
    if (answer.items.length < pageSize) return items;
  }
}
