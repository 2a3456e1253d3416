/** The headers of every answer, as names and values in turn. */
import type { Answer, KeysAnswer } from './answer.ts';
import type { Cluster } from './cluster.ts';

/** CORS headers for an origin; the same list every time for the same answer. */
export type Cors = (origin: string | undefined) => readonly string[];

const corsMethods = 'POST, GET, OPTIONS, PUT, DELETE';
const corsHeaders = 'accept, content-type, authorization';

const allowing = (origin: string): readonly string[] => [
  'Access-Control-Allow-Methods',
  corsMethods,
  'Access-Control-Allow-Origin',
  origin,
  'Access-Control-Allow-Headers',
  corsHeaders,
];

/** CORS for the origins of the configuration: with `*` anyone is told so, else the request's origin when it is listed. */
export function corsOf(origins: readonly string[]): Cors {
  const anyone = allowing('*');
  if (origins.includes('*')) return () => anyone;
  const listed = new Map(origins.map((origin) => [origin, allowing(origin)]));
  const none: readonly string[] = [];
  return (origin) => (origin === undefined ? none : (listed.get(origin) ?? none));
}

/** The headers that belong to an answer itself, without length, date and CORS. */
export function headersOf(answer: Answer, cluster: Cluster): readonly string[] {
  switch (answer.kind) {
    case 'page':
      return answer.headers;
    case 'keys':
      return keysHeaders(answer, cluster);
    case 'watch':
      return keysHeaders({ index: answer.watch.index, isError: false }, cluster);
  }
}

function keysHeaders({ index, isError, isExact }: Pick<KeysAnswer, 'index' | 'isError' | 'isExact'>, cluster: Cluster): readonly string[] {
  const headers = ['Content-Type', 'application/json', 'X-Etcd-Cluster-Id', cluster.id, 'X-Etcd-Index', String(index)];
  if (!isError) headers.push('X-Raft-Index', String(cluster.positionOf(index)), 'X-Raft-Term', String(cluster.term));
  if (isExact === true) headers.push('X-Weir-Exact', 'true');
  return headers;
}
