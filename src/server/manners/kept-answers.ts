/** Answers that are kept for requests which are sent again, in the system space of the keys: they survive a restart, and servers share them. */
import { createHash, createHmac } from 'node:crypto';
import { Problem } from '../../core/problem.ts';
import { childOf, KeyFault, nameOf, type Path, pathOf, type Tree, textValue } from '../../keys/index.ts';

/** An answer as it was sent. Without `body` it was too long to keep, or a stream. */
export type KeptAnswer = { status: number; headers: Record<string, string>; body?: string };

/** What a request is known by: who sent it, its key, and a fingerprint of all else of it. */
export type RequestMark = { owner: string; key: string; fingerprint: string };

/** What is known of a request: it is the `first` and has a place for its answer, it was answered before, or it is refused. */
export type Known =
  | { kind: 'first'; place: Path }
  | { kind: 'again'; answer: KeptAnswer }
  /** The same key came with another request. */
  | { kind: 'other' }
  /** The first one is still being answered. */
  | { kind: 'busy' };

type Entry = { fingerprint: string; answer?: KeptAnswer };

const day = 24 * 60 * 60 * 1000;
/** How long a place is held for an answer: a server that died meanwhile leaves it behind. Longer than any POST takes. */
const busyFor = 10 * 60 * 1000;
/** Characters of a body that are kept. */
const longestBody = 64 * 1024;
/** Answers kept for one user: the oldest go first. */
const mostPerOwner = 10_000;

const root = '/idempotency';

export class KeptAnswers {
  readonly #tree: Tree;
  /** Names of the answers of each owner, the oldest first. */
  readonly #names = new Map<string, Set<string>>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** Takes the place of a request, if it is the first of its key. */
  async begin({ owner, key, fingerprint }: RequestMark): Promise<Known> {
    const place = pathOf(`${root}/${digest(owner)}/${digest(key)}`);
    try {
      await this.#tree.create(place, JSON.stringify({ fingerprint } satisfies Entry), { ttl: busyFor });
      await this.#makeRoom(digest(owner), nameOf(place));
      return { kind: 'first', place };
    } catch (error) {
      if (!(error instanceof KeyFault) || error.kind !== 'exists') throw unavailable(error);
    }
    const node = await this.#tree.get(place, { isLinearizable: true });
    // It ended between both looks.
    if (node === undefined) return { kind: 'busy' };
    const entry = JSON.parse(textValue(node)) as Entry;
    if (entry.fingerprint !== fingerprint) return { kind: 'other' };
    return entry.answer === undefined ? { kind: 'busy' } : { kind: 'again', answer: entry.answer };
  }

  /** Keeps the answer of the first request for a day. */
  async finish(place: Path, fingerprint: string, { body, ...rest }: KeptAnswer): Promise<void> {
    const answer: KeptAnswer = body !== undefined && body.length <= longestBody ? { ...rest, body } : rest;
    await this.#tree.set(place, JSON.stringify({ fingerprint, answer } satisfies Entry), { ttl: day });
  }

  /** Nothing was done: the next request with the key is the first again. */
  async abandon(place: Path): Promise<void> {
    await this.#remove(place);
  }

  async #makeRoom(owner: string, name: string): Promise<void> {
    let names = this.#names.get(owner);
    if (names === undefined) {
      const { below } = await this.#tree.list(pathOf(`${root}/${owner}`));
      names = new Set([...below].sort((one, other) => one.created - other.created).map((node) => nameOf(node.path)));
      this.#names.set(owner, names);
    }
    names.add(name);
    const [oldest] = names;
    if (names.size <= mostPerOwner || oldest === undefined) return;
    names.delete(oldest);
    await this.#remove(childOf(pathOf(`${root}/${owner}`), oldest));
  }

  async #remove(path: Path): Promise<void> {
    try {
      await this.#tree.delete(path);
    } catch (error) {
      if (!(error instanceof KeyFault) || error.kind !== 'not-found') throw error;
    }
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);

/**
 * A fingerprint that says nothing about the body, which may hold a password, to whoever finds it: it is keyed by the client's own
 * key, of which only a digest is kept.
 */
export function fingerprintOf(key: string, parts: readonly (string | Uint8Array)[]): string {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(`${part.length} `).update(part);
  return mac.digest('base64url');
}

const unavailable = (error: unknown): unknown =>
  error instanceof KeyFault && error.kind === 'unavailable'
    ? new Problem('unavailable', 'The keys do not answer.', { hint: 'send the request again, with the same Idempotency-Key', cause: error })
    : error;
