/**
 * Clients of etcd's v2 API that read, write, swap and queue a few keys at random over HTTP, and note what they saw. A server that dies in
 * the middle of an answer leaves a write that may have happened.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from './linearizability.ts';

type Told = { status: number; body: { action?: string; node?: Node; errorCode?: number } };
type Node = { key: string; value?: string; modifiedIndex: number; createdIndex: number; nodes?: Node[] };

/** Enough of them that few writes of unknown outcome meet on one: each doubles what the check has to look at. */
const keys = Array.from({ length: 6 }, (_, number) => `/registers/${number}`);

/** What all clients know together. */
export class Clients {
  /** What was seen of each register; one that was not answered ends at infinity. */
  readonly seen: (Operation & { key: string })[] = [];
  /** Answered pushes: key and value. */
  readonly pushed = new Map<string, string>();
  /** Values whose push began, answered or not. */
  readonly begun = new Set<string>();
  /** By index: which write took it. */
  readonly indexes = new Map<number, string>();
  answers = 0;
  readonly #urls: readonly string[];
  readonly #agent = new Agent({ keepAlive: true });
  #moment = 0;
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  /** The servers that they ask, each client one of them. */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  /** Sets so many to work until `stop`. */
  start(count: number): void {
    this.#running = Promise.all(Array.from({ length: count }, (_, number) => this.#work(number)));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    this.#agent.destroy();
  }

  /** Resolves when so many more answers have come. */
  async hear(more: number): Promise<void> {
    for (const wanted = this.answers + more; this.answers < wanted; ) await sleep(1);
  }

  /** What is in the queue, and one last read of each register. */
  async look(url: string): Promise<Node[]> {
    for (const key of keys) await this.#read(url, key);
    const { body } = await this.#ask(url, 'GET', '/queue?quorum=true&sorted=true');
    return body.node?.nodes ?? [];
  }

  async #work(number: number): Promise<void> {
    const url = this.#urls[number % this.#urls.length] ?? '';
    let last: string | undefined;
    for (let round = 0; !this.#isOver; round++) {
      const key = keys[Math.floor(Math.random() * keys.length)] ?? '';
      const value = `${number}.${round}`;
      const choice = Math.random();
      try {
        if (choice < 0.3) last = await this.#read(url, key);
        else if (choice < 0.5 || last === undefined) await this.#write(url, key, value);
        else if (choice < 0.7) await this.#swap(url, key, [last, value]);
        else await this.#push(url, value);
      } catch {
        // Nobody is there: the same is tried again at the server's return.
        await sleep(20);
      }
    }
  }

  async #read(url: string, key: string): Promise<string | undefined> {
    const call = this.#moment++;
    const { status, body } = await this.#ask(url, 'GET', `${key}?quorum=true`);
    if (status === 404) this.seen.push({ key, kind: 'read', seen: undefined, call, back: this.#moment++ });
    if (status === 200) this.seen.push({ key, kind: 'read', seen: body.node?.value, call, back: this.#moment++ });
    return body.node?.value;
  }

  async #write(url: string, key: string, value: string): Promise<void> {
    const call = this.#moment++;
    const told = await this.#try(url, key, value);
    if (told.status < 300) this.#took(told);
    // What was refused for want of a cluster may still be done.
    const back = told.status < 300 ? this.#moment++ : Number.POSITIVE_INFINITY;
    this.seen.push({ key, kind: 'write', value, call, back });
  }

  async #swap(url: string, key: string, [expected, value]: [string, string]): Promise<void> {
    const call = this.#moment++;
    const told = await this.#try(url, `${key}?prevValue=${expected}`, value);
    const isDone = told.status < 300;
    if (isDone) this.#took(told);
    const back = told.status < 500 ? this.#moment++ : Number.POSITIVE_INFINITY;
    this.seen.push({ key, kind: 'swap', expected, value, isDone, call, back });
  }

  /** Writes; a connection that broke counts as an answer that tells nothing. Throws when there was nobody to ask. */
  async #try(url: string, key: string, value: string): Promise<Told> {
    try {
      return await this.#ask(url, 'PUT', key, `value=${value}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') throw error;
      return { status: 599, body: {} };
    }
  }

  async #push(url: string, value: string): Promise<void> {
    this.begun.add(value);
    const told = await this.#ask(url, 'POST', '/queue', `value=${value}`);
    if (told.status !== 201 || told.body.node === undefined) return;
    this.#took(told);
    this.pushed.set(told.body.node.key, value);
  }

  #took({ body: { action = '', node } }: Told): void {
    if (node === undefined) throw new Error('a write was answered without its node');
    const who = `${action} ${node.key} ${node.value}`;
    const before = this.indexes.get(node.modifiedIndex);
    if (before !== undefined) throw new Error(`index ${node.modifiedIndex} was given to "${before}" and to "${who}"`);
    this.indexes.set(node.modifiedIndex, who);
  }

  /** Throws when the connection breaks. */
  #ask(url: string, method: string, key: string, form?: string): Promise<Told> {
    const headers = form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': form.length };
    return new Promise((resolve, reject) => {
      const asked = request(`${url}/v2/keys${key}`, { method, headers, agent: this.#agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('error', reject);
        answer.on('close', () => {
          if (!answer.complete) return reject(new Error('the answer broke off'));
          this.answers++;
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as Told['body'] });
        });
      });
      asked.on('error', reject).end(form);
    });
  }
}
