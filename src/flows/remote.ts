import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, Client, type Query } from '../cli/client.ts';
import { readEvents } from '../cli/sse.ts';
import { Problem, problemCodes } from '../core/problem.ts';
import type { ExportQuery, FlowsPort, Import, ImportOptions, ImportSource } from './access.ts';
import { newRecord } from './import/import-record.ts';

/** The flows of a server, spoken to over HTTP. */
export function openRemoteFlows(server: string): FlowsPort {
  const client = new Client(server);
  const ask = <T>(path: string, query: Query = {}) => client.json<T>({ path: `/api/v1/flows${path}`, query });
  const items = async <T>(path: string, query: Query = {}) => (await ask<{ items: T[] }>(path, query)).items;
  return {
    import: (source, options, onProgress) => importOver(client, source, options, onProgress),
    imports: async () => (await client.json<{ items: Import[] }>({ path: '/api/v1/imports' })).items,
    list: (query) => items('', query),
    summary: (selection) => ask('/summary', selection),
    top: (query) => ask('/top', query),
    series: (query) => ask('/series', query),
    pairs: (query) => items('/pairs', query),
    export: (query) => exportOver(client, query),
    seal: () => client.json({ method: 'POST', path: '/api/v1/flows/seal' }),
    check: () => ask('/check'),
    close: async () => client.close(),
  };
}

async function* exportOver(client: Client, query: ExportQuery): AsyncGenerator<Uint8Array> {
  yield* client.blocks(await client.send({ path: '/api/v1/stream/flows', query, headers: { accept: '*/*' } }));
}

async function importOver(
  client: Client,
  source: ImportSource,
  options: ImportOptions,
  onProgress: (state: Import) => void,
): Promise<Import> {
  const upload = startUpload(source);
  const length: Record<string, string> = source.bytes_total === null ? {} : { 'content-length': String(source.bytes_total) };
  const headers = { 'content-type': 'application/octet-stream', ...length };
  const query = { name: source.name, ...options };
  const over = new AbortController();
  const watching = watchUpload(client, source, upload, onProgress, over.signal);
  let answer: Answer;
  try {
    answer = await client.send({ method: 'POST', path: '/api/v1/imports', query, headers, body: upload.blocks });
  } finally {
    over.abort();
    await watching;
  }
  const { id } = JSON.parse(await joinText(client.blocks(answer))) as Import;
  const followed = await follow(client, id, onProgress);
  await answer.sent;
  if (followed.state === 'failed') throw problemOf(followed);
  return followed;
}

/** The body of an upload, counting what has been taken from it. */
function startUpload(source: ImportSource): { blocks: AsyncIterable<Uint8Array>; bytes: () => number } {
  let bytes = 0;
  async function* count() {
    for await (const block of source.open()) {
      bytes += block.byteLength;
      yield block;
    }
  }
  return { blocks: count(), bytes: () => bytes };
}

const watchMs = 250;

/**
 * Reports the upload until `signal` says it is over. The server answers when it has the whole body, so until then packets
 * and flows come from the list of running imports, where ours is the newest of its name.
 */
async function watchUpload(
  client: Client,
  source: ImportSource,
  upload: { bytes: () => number },
  onProgress: (state: Import) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(watchMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const known = await client
      .json<{ items: Import[] }>({ path: '/api/v1/imports', query: { order: '-id' }, signal })
      .catch(() => undefined);
    const ours = known?.items.find((one) => one.name === source.name && one.ended_at === null);
    if (!signal.aborted) onProgress({ ...(ours ?? nothingYet(source)), bytes_read: upload.bytes(), bytes_total: source.bytes_total });
  }
}

const nothingYet = ({ name, bytes_total }: ImportSource): Import => ({
  ...newRecord(0, { name, format: undefined }, bytes_total, Date.now()),
  state: 'receiving',
});

/** Follows an import by its events until it has ended. */
async function follow(client: Client, id: Import['id'], onProgress: (state: Import) => void): Promise<Import> {
  const path = `/api/v1/imports/${id}`;
  const answer = await client.send({ path: `${path}/events`, headers: { accept: 'text/event-stream' } });
  for await (const { event, data } of readEvents(client.blocks(answer))) {
    const state = JSON.parse(data) as Import;
    if (event !== 'done' && event !== 'failed') onProgress(state);
    else {
      answer.abandon();
      return state;
    }
  }
  const state = await client.json<Import>({ path });
  if (state.ended_at !== null) return state;
  throw new Problem('unavailable', `the server stopped telling about import ${id}`, { hint: `weir get ${path}` });
}

/** The Problem that an import failed with. */
function problemOf({ problem, name }: Import): Problem {
  if (problem === null) return new Problem('internal', `${name} could not be imported, and the server does not say why`);
  // A record has the facts of a problem in one member, where an answer of problem+json has them beside the others.
  return Problem.revive(problem.code in problemCodes ? problem : { ...problem, code: 'internal' });
}

async function joinText(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const block of blocks) parts.push(block);
  return Buffer.concat(parts).toString('utf8');
}
