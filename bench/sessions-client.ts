/** A client of sessions as the benchmarks need it. */

export class SessionsClient {
  readonly #url: string;

  /** `url` is where `/sessions` lies. */
  constructor(url: string) {
    this.#url = url;
  }

  /** The text of an answer. Throws for one that is no success. */
  async ask(method: string, path: string, json?: object): Promise<string> {
    const headers = { accept: 'application/json', ...(json !== undefined && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${this.#url}${path}`, { method, headers, ...(json !== undefined && { body: JSON.stringify(json) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text;
  }

  /** Starts a session and waits until it is idle. */
  async start(kind: string, request: object = {}): Promise<number> {
    const { id } = JSON.parse(await this.ask('POST', '/sessions', { kind, ...request })) as { id: number };
    for (;;) {
      const { state } = JSON.parse(await this.ask('GET', `/sessions/${id}/state`)) as { state: string };
      if (state === 'idle') return id;
      if (state === 'dead' || state === 'error') throw new Error(await this.ask('GET', `/sessions/${id}/log`));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Runs a statement to its end; milliseconds from the question to the last octet of the answer. Throws when it failed. */
  async run(id: number, code: string, kind?: string): Promise<number> {
    const begin = performance.now();
    const text = await this.ask('POST', `/api/v1/sessions/${id}/statements?wait=60000`, { code, ...(kind && { kind }) });
    const ms = performance.now() - begin;
    if (!text.slice(0, 10_000).includes('"status":"ok"')) throw new Error(`${code}: ${text.slice(0, 500)}`);
    return ms;
  }

  async remove(id: number): Promise<void> {
    await this.ask('DELETE', `/sessions/${id}`);
  }
}
