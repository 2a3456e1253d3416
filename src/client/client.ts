/** A client of a Weir, for programs. It needs nothing but `fetch`, which keeps connections alive by itself. */
import type { Operations } from './api.ts';
import { readEvents, type WeirEvent } from './events.ts';
import { problemOf, WeirProblem } from './problem.ts';

export type Operation = keyof Operations;
export type Answer<O extends Operation> = Operations[O]['answer'];

/** What goes along with a request: what the operation names, and no more. */
export type Input<O extends Operation> = {
  /** What stands in the braces of the path. */
  path?: Operations[O]['path'];
  query?: Operations[O]['query'];
  /** Sent as JSON. */
  body?: Operations[O]['body'];
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/** Operations that answer a page of items. */
export type PagedOperation = { [O in Operation]: Answer<O> extends { items: unknown[] } ? O : never }[Operation];
type Item<O extends PagedOperation> = Answer<O> extends { items: (infer I)[] } ? I : never;

export type WeirOptions = {
  /** `http://127.0.0.1:8080`. */
  url: string;
  /** A token, or a personal one (`weir_pat_…`). */
  token?: string;
  /** Who logs in when there is no token, and again when it has ended. */
  login?: { username: string; password: string };
  /** `Bearer:TOKEN`, as Accelerator's clients write it, in place of `Bearer TOKEN`. Weir takes both. */
  colon?: boolean;
  /** In place of the global one: for a proxy, certificates, or a test. */
  fetch?: typeof fetch;
};

/** How long to wait before a broken stream is opened again, in milliseconds; longer each time, up to the last. */
const pauses = [100, 500, 2000, 5000];

/** One Weir. Every method throws `WeirProblem`: what the server said, or `unavailable` where nobody answered. */
export class Weir {
  readonly #options: WeirOptions;
  readonly #fetch: typeof fetch;
  #token: string | undefined;
  #loggingIn: Promise<void> | undefined;

  constructor(options: WeirOptions) {
    this.#options = { ...options, url: options.url.replace(/\/+$/, '') };
    this.#fetch = options.fetch ?? fetch;
    this.#token = options.token;
  }

  /** Logs in with the options' name and password; requests do so by themselves. A token holds for four hours. */
  async login(): Promise<void> {
    const { login, url } = this.#options;
    if (login === undefined) throw new WeirProblem(401, { type: 'unauthenticated', title: 'There is nobody to log in.' });
    // Many requests that find the token ended log in once.
    this.#loggingIn ??= this.#send(`${url}/api/v3/token`, { method: 'POST', body: new URLSearchParams(login) })
      .then(async (answer) => {
        if (!answer.ok) throw await problemOf(answer);
        this.#token = ((await answer.json()) as { access_token: string }).access_token;
      })
      .finally(() => {
        this.#loggingIn = undefined;
      });
    await this.#loggingIn;
  }

  /** Does one operation, named by its method and path as the OpenAPI document has them, and answers what it answers; nothing for 204. */
  async request<O extends Operation>(operation: O, input: Input<O> = {}): Promise<Answer<O>> {
    const answer = await this.send(operation, input);
    const text = await answer.text();
    const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
    return (isJson && text !== '' ? JSON.parse(text) : text === '' ? undefined : text) as Answer<O>;
  }

  /** As `request`, with the answer as `fetch` has it: for headers, bodies that are no JSON, and streams. */
  async send<O extends Operation>(operation: O, input: Input<O> = {}): Promise<Response> {
    const [method = 'GET', template = '/'] = operation.split(' ');
    const { path = {}, query = {}, body, headers = {}, signal } = input;
    const url = urlOf(this.#options.url, template, { path, query });
    const init: RequestInit = {
      method,
      headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    };
    return await this.#ask(url, init);
  }

  /** All items of a list, page after page, as the links of the answers lead on. */
  async *pages<O extends PagedOperation>(operation: O, input: Input<O> = {}): AsyncGenerator<Item<O>> {
    let answer = (await this.request(operation, input)) as Page<Item<O>>;
    for (;;) {
      yield* answer.items;
      const next = answer.links?.next?.href;
      if (next === undefined) return;
      const url = new URL(next, `${this.#options.url}/`);
      if (url.origin !== new URL(this.#options.url).origin) throw new WeirProblem(0, { title: 'A page leads to another server.' });
      const { headers = {}, signal } = input;
      const init = { headers: { accept: 'application/json', ...headers }, ...(signal !== undefined && { signal }) };
      answer = (await (await this.#ask(url.href, init)).json()) as Page<Item<O>>;
    }
  }

  /**
   * Server-sent events. A connection that breaks is opened again behind the last event that came (`Last-Event-ID`), until `signal` ends it,
   * the server refuses, or the reader stops. With `isFinite` the end of the stream is its end: a log, say.
   */
  async *events<O extends Operation>(operation: O, input: Input<O> & { isFinite?: boolean } = {}): AsyncGenerator<WeirEvent> {
    const { isFinite: isEnd, ...request } = input;
    let last: string | undefined;
    for (let failures = 0; request.signal?.aborted !== true; failures++) {
      try {
        const headers = { ...request.headers, accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) };
        const answer = await this.send(operation, { ...request, headers } as Input<O>);
        for await (const event of readEvents(answer.body as ReadableStream<Uint8Array>)) {
          last = event.id ?? last;
          failures = 0;
          yield event;
          if (event.event === 'end') return;
        }
        if (isEnd) return;
      } catch (error) {
        if (request.signal?.aborted) return;
        if (error instanceof WeirProblem && error.status !== 0 && error.status !== 503) throw error;
      }
      await pause(pauses[Math.min(failures, pauses.length - 1)] as number, request.signal);
    }
  }

  /** Sends with the token; where it has ended, logs in again and repeats the request, once. */
  async #ask(url: string, init: RequestInit): Promise<Response> {
    const { login } = this.#options;
    if (this.#token === undefined && login !== undefined) await this.login();
    const shown = this.#token;
    let answer = await this.#send(url, this.#withToken(init));
    if (answer.status === 401 && login !== undefined) {
      await answer.body?.cancel();
      // Somebody else may have logged in meanwhile.
      if (this.#token === shown) await this.login();
      answer = await this.#send(url, this.#withToken(init));
    }
    if (!answer.ok && answer.status !== 304) throw await problemOf(answer);
    return answer;
  }

  #withToken(init: RequestInit): RequestInit {
    if (this.#token === undefined) return init;
    const authorization = this.#options.colon ? `Bearer:${this.#token}` : `Bearer ${this.#token}`;
    return { ...init, headers: { authorization, ...(init.headers as Record<string, string>) } };
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(url, init);
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      const { cause: inner } = cause as Error;
      const detail = inner instanceof Error ? inner.message : (cause as Error).message;
      throw new WeirProblem(0, { type: 'unavailable', title: `Nobody answers at ${this.#options.url}.`, detail }, { cause });
    }
  }
}

type Page<I> = { items: I[]; links?: { next?: { href: string } } };

/** The address of an operation. Throws for a part of the path that is not given, or is no part. */
function urlOf(base: string, template: string, { path, query }: { path: object; query: object }): string {
  const values = path as Record<string, unknown>;
  const filled = template.replaceAll(/\{(\*?\w*)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined || value === '' || value === '.' || value === '..') throw new TypeError(`the path ${template} needs ${name}`);
    return encodeURIComponent(String(value));
  });
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]))).toString();
  return `${base}${filled}${search === '' ? '' : `?${search}`}`;
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', go);
      resolve();
    };
    const timer = setTimeout(go, ms);
    signal?.addEventListener('abort', go);
    if (signal?.aborted) go();
  });
