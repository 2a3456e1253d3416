import { Client, type Query } from '../cli/client.ts';
import { readEvents, type ServerEvent } from '../cli/sse.ts';
import { parseJson } from '../cli/whole-json.ts';
import { Problem, type ProblemCode, problemCodes } from '../core/problem.ts';

/** A session as Livy shows it. */
export type LivySession = {
  id: number;
  name: string | null;
  kind: string;
  state: string;
  owner: string | null;
  appId: string | null;
  appInfo: Record<string, string | null> | null;
  log: string[] | null;
  [member: string]: unknown;
};

/** The output of a statement as Livy shows it. */
export type LivyOutput = {
  status: string;
  data?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
};

export type LivyStatement = { id: number; code?: string; state: string; output: LivyOutput | null; progress: number };

/** A batch as Livy shows it. */
export type LivyBatch = { id: number; state: string; log: string[] | null };

const pageSize = 100;

/** A Livy server, spoken to over HTTP: this one, or anybody's. Every method throws Problem. */
export class LivyClient {
  /** True for a Weir, which can tell more than Livy does. */
  readonly isWeir: boolean;
  readonly #client: Client;

  constructor(server: string, isWeir: boolean) {
    this.isWeir = isWeir;
    this.#client = new Client(server);
  }

  async sessions(): Promise<LivySession[]> {
    const all: LivySession[] = [];
    for (;;) {
      const { sessions } = await this.#ask<{ sessions: LivySession[] }>('GET', '/sessions', { from: all.length, size: pageSize });
      all.push(...sessions);
      if (sessions.length < pageSize) return all;
    }
  }

  session = (id: string | number): Promise<LivySession> => this.#ask('GET', pathOf(id));
  create = (request: object): Promise<LivySession> => this.#ask('POST', '/sessions', {}, request);

  async remove(id: string | number): Promise<void> {
    await this.#ask('DELETE', pathOf(id));
  }

  async statements(id: string | number): Promise<LivyStatement[]> {
    return (await this.#ask<{ statements: LivyStatement[] }>('GET', `${pathOf(id)}/statements`)).statements;
  }

  post = (id: string | number, code: string, kind?: string): Promise<LivyStatement> =>
    this.#ask('POST', `${pathOf(id)}/statements`, {}, kind === undefined ? { code } : { code, kind });
  statement = (id: string | number, statement: number): Promise<LivyStatement> => this.#ask('GET', `${pathOf(id)}/statements/${statement}`);

  async cancel(id: string | number, statement: number): Promise<void> {
    await this.#ask('POST', `${pathOf(id)}/statements/${statement}/cancel`);
  }

  async complete(id: string | number, code: string, cursor: number): Promise<string[]> {
    return (await this.#ask<{ candidates: string[] }>('POST', `${pathOf(id)}/completion`, {}, { code, cursor })).candidates;
  }

  log = (id: string | number, from: number | undefined, size: number): Promise<{ from: number; total: number; log: string[] }> =>
    this.#ask('GET', `${pathOf(id)}/log`, { from, size });

  /** What a statement prints and how far it is, as it comes; of a Weir only. */
  async *events(id: string | number, statement: number): AsyncGenerator<ServerEvent> {
    const path = `/api/v1${pathOf(id)}/statements/${statement}/events`;
    const answer = await this.#client.send({ path, headers: { accept: 'text/event-stream' } });
    try {
      yield* readEvents(this.#client.blocks(answer));
    } finally {
      answer.abandon();
    }
  }

  createBatch = (request: object): Promise<LivyBatch> => this.#ask('POST', '/batches', {}, request);
  batch = (id: number): Promise<LivyBatch> => this.#ask('GET', `/batches/${id}`);
  batchLog = (id: number, from: number, size: number): Promise<{ from: number; total: number; log: string[] }> =>
    this.#ask('GET', `/batches/${id}/log`, { from, size });

  /** Sends a file for batches, which call it `upload:NAME`; to a Weir only. */
  async upload(name: string, octets: Uint8Array): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', accept: 'application/json' };
    const answer = await this.#client.send({ method: 'PUT', path: uploadPath(name), headers, body: octets });
    answer.abandon();
  }

  async removeUpload(name: string): Promise<void> {
    const answer = await this.#client.send({ method: 'DELETE', path: uploadPath(name) });
    answer.abandon();
  }

  close(): void {
    this.#client.close();
  }

  async #ask<T>(method: string, path: string, query: Query = {}, body?: object): Promise<T> {
    const headers = { 'x-requested-by': 'weir', ...(body !== undefined && { 'content-type': 'application/json' }) };
    const answer = await this.#client.exchange({ method, path, query, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
    let text = '';
    for await (const block of answer.body.setEncoding('utf8')) text += block as string;
    const value = readJson(text);
    if (answer.status < 400) return value as T;
    throw problemOf(answer.status, value, text);
  }
}

const uploadPath = (name: string): string => `/api/v1/uploads/${encodeURIComponent(name)}`;
const pathOf = (id: string | number): string => `/sessions/${encodeURIComponent(String(id))}`;

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Livy tells its errors as `{"msg": …}`, some as a bare text, and some as a page. */
function problemOf(status: number, value: unknown, text: string): Problem {
  const { msg, title } = (typeof value === 'object' && value !== null ? value : {}) as { msg?: unknown; title?: unknown };
  const found = Object.entries(problemCodes).find(([, { status: usual }]) => usual === status)?.[0] as ProblemCode | undefined;
  const code = found ?? (status < 500 ? 'invalid' : 'internal');
  const said = [msg, title, value, text.slice(0, 200)].find((one) => typeof one === 'string' && one !== '') as string | undefined;
  return new Problem(code, said ?? `the server answered ${status}`, status === 401 ? { hint: 'weir login' } : {});
}
