/** The keys of a server that speaks etcd's v2 keys over HTTP: a Weir, or an etcd. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, Client, type Query } from '../../cli/client.ts';
import { parseServer } from '../../cli/server-address.ts';
import { Problem } from '../../core/problem.ts';
import type { Reading } from '../engine.ts';
import { type FaultKind, KeyFault } from '../tree/fault.ts';
import type { KeyNode } from '../tree/node.ts';
import type { Action, Operation } from '../tree/operation.ts';
import { type Path, pathOf, textOf } from '../tree/path.ts';
import type { KeysPort, ReadWish, Walk, WatchWish, Written } from './access.ts';
import { isShownBelow } from './hidden.ts';
import { NodeReader, readNodes } from './node-stream.ts';
import { below, formValue, fromWire, urlPath, type WireNode } from './wire-node.ts';

type WireEvent = { action: string; node: WireNode; prevNode?: WireNode };
type WireError = { errorCode?: number; message?: string; cause?: string; index?: number };

// Weir's own parameter: hidden nodes are listed, and what is not UTF-8 comes in base64 too. An etcd passes over it.
const exact = { exact: true };

export class ServerKeys implements KeysPort {
  readonly name: string;
  readonly width = 64;
  readonly #client: Client;
  readonly #headers: Record<string, string>;

  /** `server` may hold `USER:PASSWORD@` for a server that wants them (Basic, as etcd has it). */
  constructor(server: string) {
    const { address, authorization } = readCredentials(server);
    this.name = address;
    this.#headers = authorization === undefined ? {} : { authorization };
    this.#client = new Client(address);
  }

  async read(path: Path, { reach = 'node', isLinearizable = false, withHidden = false }: ReadWish = {}): Promise<Reading> {
    const query = { recursive: reach === 'subtree', sorted: reach !== 'node', quorum: isLinearizable, ...exact };
    const answer = await this.#ask('GET', path, query);
    const { node } = (await this.#json(answer)) as WireEvent;
    const now = Date.now();
    const found = reach === 'node' ? [] : below(node, now);
    return { index: indexOf(answer), node: fromWire(node, now), below: withHidden ? found : found.filter(isShownBelow(path)) };
  }

  async walk(path: Path): Promise<Walk> {
    const answer = await this.#ask('GET', path, { recursive: true, sorted: true, ...exact });
    const length = Number(answer.headers['content-length'] ?? Number.NaN);
    let octets = 0;
    const count = async function* (blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const block of blocks) {
        octets += block.byteLength;
        yield block;
      }
    };
    return {
      index: indexOf(answer),
      octets: Number.isNaN(length) ? null : length,
      hasHidden: answer.headers['x-weir-exact'] !== undefined,
      nodes: walkNodes(count(this.#client.blocks(answer))),
      read: () => octets,
    };
  }

  async write(operation: Operation): Promise<Written> {
    const { method, query } = requestOf(operation);
    const isForm = method !== 'DELETE';
    const form = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]));
    const fields = operation.value === undefined ? [] : [`value=${formValue(operation.value)}`];
    if (operation.prevValue !== undefined) fields.push(`prevValue=${formValue(operation.prevValue)}`);
    const body = [form.toString(), ...fields].filter((part) => part !== '').join('&');
    const answer = isForm
      ? await this.#send(method, urlPath(operation.path), { body })
      : await this.#send(method, `${urlPath(operation.path)}?${body}`, {});
    const event = (await this.#json(answer)) as WireEvent;
    return written(event, Date.now());
  }

  async *watch(path: Path, { isRecursive = false, from, onTrouble }: WatchWish = {}): AsyncGenerator<Written> {
    let next = from;
    let delayMs = firstDelayMs;
    for (let isFirst = true; ; isFirst = false) {
      try {
        const answer = await this.#ask('GET', path, { wait: true, recursive: isRecursive, waitIndex: next, ...exact });
        next ??= indexOf(answer) + 1;
        const text = await this.#text(answer);
        // A server that stops, and old ones after five minutes, end the answer without an event.
        if (text.trim() !== '') {
          const event = written(JSON.parse(text) as WireEvent, Date.now());
          next = event.index + 1;
          delayMs = firstDelayMs;
          yield await this.#exactly(event);
          continue;
        }
        onTrouble?.('the server ended the watch');
      } catch (error) {
        if (isFirst || !(error instanceof Problem) || error.code !== 'unavailable') throw error;
        onTrouble?.(error.title);
      }
      await sleep(delayMs);
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    }
  }

  /** An event whose value lost what is not UTF-8 on the wire, with the bytes, if the node is still as the event left it. */
  async #exactly(event: Written): Promise<Written> {
    if (!Buffer.from(event.node.value).includes('\ufffd')) return event;
    const reading = await this.read(event.node.path).catch(() => undefined);
    return reading?.node.modified === event.index ? { ...event, node: { ...event.node, value: reading.node.value } } : event;
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  #ask(method: string, path: Path, query: Query): Promise<Answer> {
    const words = Object.entries(query).filter(([, value]) => value !== undefined && value !== false);
    return this.#send(method, `${urlPath(path)}?${words.map(([name, value]) => `${name}=${value}`).join('&')}`, {});
  }

  async #send(method: string, target: string, { body }: { body?: string }): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await this.#client.exchange({
      method,
      path: `/v2/keys${target === '/' || target.startsWith('/?') ? target.slice(1) : target}`,
      headers: { ...this.#headers, ...type },
      ...(body !== undefined && { body }),
    });
    if (answer.status < 300) return answer;
    throw this.#fault(answer, target, await this.#text(answer));
  }

  #fault(answer: Answer, target: string, text: string): Error {
    if (answer.status < 400) {
      const path = decodeURI(target.split('?')[0] ?? '');
      return new Problem('invalid', `${path} is no key: a name cannot be empty, . or ..`);
    }
    const { errorCode = 0, message = '', cause = '', index = 0 } = parseError(text);
    const kind = faultKinds[errorCode];
    if (kind !== undefined) return new KeyFault(kind, Buffer.from(cause).toString('latin1'), index);
    if (errorCode === 110) return new Problem('denied', `${this.name} wants a user`, { hint: '--server http://USER:PASSWORD@HOST:PORT' });
    if (errorCode !== 0) return new Problem('invalid', `${this.name} refused: ${message}`, { detail: cause });
    if (answer.status === 404)
      return new Problem('not-found', `${this.name} has no v2 keys`, { hint: 'an etcd 3.4 or 3.5 answers them with --enable-v2' });
    return new Problem('unavailable', `${this.name} answered ${answer.status}`, { detail: text.slice(0, 200).trim() });
  }

  async #json(answer: Answer): Promise<unknown> {
    const text = await this.#text(answer);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Problem('internal', `${this.name} did not answer JSON`, { detail: text.slice(0, 200), cause });
    }
  }

  async #text(answer: Answer): Promise<string> {
    const blocks: Uint8Array[] = [];
    for await (const block of this.#client.blocks(answer)) blocks.push(block);
    return Buffer.concat(blocks).toString('utf8');
  }
}

const firstDelayMs = 250;
const longestDelayMs = 5000;

// Table of error codes: etcd v2 api, "Error Codes"; 300 and 301 leave it open whether the write happened.
const faultKinds: Record<number, FaultKind> = {
  100: 'not-found',
  101: 'compare-failed',
  102: 'not-file',
  104: 'not-directory',
  105: 'exists',
  107: 'root-read-only',
  108: 'not-empty',
  300: 'unavailable',
  301: 'unavailable',
  401: 'history-cleared',
};

function parseError(text: string): WireError {
  try {
    return JSON.parse(text) as WireError;
  } catch {
    return {}; // a proxy, or no etcd at all
  }
}

type Fields = Record<string, string | number | boolean | bigint>;

/** Method and parameters of an operation, without its values, which go byte by byte. */
function requestOf({ action, isDir, ttl, prevIndex, isRefresh, isRecursive, leastIndex }: Operation): { method: string; query: Fields } {
  const shared: Fields = {
    ...(isDir === true && { dir: true }),
    // The wire counts in whole seconds: a node may live a little longer than asked, never shorter.
    ...(ttl !== undefined && { ttl: Math.max(0, Math.ceil(ttl / 1000)) }),
    ...(isRefresh === true && { refresh: true }),
    ...(prevIndex !== undefined && { prevIndex }),
    ...(isRecursive === true && { recursive: true }),
    ...(leastIndex !== undefined && { leastIndex }),
  };
  const methods: Record<Action, { method: string; query: Fields }> = {
    set: { method: 'PUT', query: shared },
    create: { method: 'PUT', query: { prevExist: false, ...shared } },
    'create-in-order': { method: 'POST', query: shared },
    update: { method: 'PUT', query: { prevExist: true, ...shared } },
    'compare-and-swap': { method: 'PUT', query: shared },
    delete: { method: 'DELETE', query: shared },
    'compare-and-delete': { method: 'DELETE', query: shared },
    expire: { method: 'DELETE', query: shared },
  };
  return methods[action];
}

function written({ action, node, prevNode }: WireEvent, now: number): Written {
  const after = fromWire(node, now);
  return {
    index: after.modified,
    action: actionOf(action),
    node: after,
    prev: prevNode === undefined || prevNode === null ? undefined : fromWire(prevNode, now),
  };
}

/** `compareAndSwap` on the wire is `compare-and-swap` inside. */
const actionOf = (word: string): Written['action'] =>
  word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as Written['action'];

const indexOf = (answer: Answer): number => Number(answer.headers['x-etcd-index'] ?? 0);

async function* walkNodes(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<KeyNode> {
  const reader = new NodeReader();
  const now = Date.now();
  for await (const node of readNodes(blocks, reader)) yield fromWire(node as WireNode, now);
  // The path itself is the head of the document; its own indices stand behind its children.
  const { node } = reader.head as { node?: WireNode };
  if (node !== undefined) yield fromWire(node, now);
}

function readCredentials(server: string): { address: string; authorization?: string } {
  const found = /^(https?:\/\/)?([^/@]*)@(.*)$/.exec(server);
  if (found === null) {
    parseServer(server);
    return { address: server };
  }
  const [, scheme = 'http://', credentials = '', rest = ''] = found;
  return { address: scheme + rest, authorization: `Basic ${Buffer.from(decodeURIComponent(credentials)).toString('base64')}` };
}

/** The key that a person typed as a path. `.` and `..` are no names: servers take them out of the way of a URL. */
export function keyPath(text: string): Path {
  const path = pathOf(text);
  if (path.split('/').some((segment) => segment === '.' || segment === '..'))
    throw new Problem('invalid', `${textOf(path)} is no key: . and .. are no names`);
  return path;
}
