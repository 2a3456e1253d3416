import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Role } from '../core/http.ts';
import { Problem } from '../core/problem.ts';
import { Mirror, type Tree } from '../keys/index.ts';

/** What every personal token begins with, so that scanners of leaked secrets know it. */
export const personalPrefix = 'weir_pat_';

/** How often the last use is written down, in milliseconds: a write at each request would cost more than it tells. */
const useGrain = 60 * 60 * 1000;

/** A personal token as the key tree keeps it, under the SHA-256 of the token. */
export type PersonalToken = {
  id: string;
  user: string;
  title: string;
  /** May do no more than this, whatever the user's role is. */
  role: Exclude<Role, 'open'>;
  createdAt: string;
  /** Milliseconds since the epoch. */
  endsAt: number;
  /** By the hour. */
  lastUsedAt?: string;
};

type Wanted = Pick<PersonalToken, 'user' | 'title' | 'role'> & { lifetime: number };

/** Tokens for programs: long-lived, each named and revocable, only their hash kept. */
export class PersonalTokens {
  readonly #mirror: Mirror<PersonalToken>;
  readonly #clock: Clock;
  readonly #perUser: number;
  /** Tokens whose use is being written down. */
  readonly #noting = new Set<string>();

  constructor(tree: Tree, clock: Clock, perUser: number) {
    this.#mirror = new Mirror(tree, '/access/personal-tokens');
    this.#clock = clock;
    this.#perUser = perUser;
  }

  start(): Promise<void> {
    return this.#mirror.start();
  }

  stop(): void {
    this.#mirror.stop();
  }

  /** Calls back after each change, whoever made it. */
  onChange(listener: () => void): void {
    this.#mirror.onChange(listener);
  }

  /** A new token; it can be read this once only. */
  async issue({ user, title, role, lifetime }: Wanted): Promise<{ token: string; record: PersonalToken }> {
    if (this.of(user).length >= this.#perUser) {
      throw new Problem('conflict', `${user} has ${this.#perUser} personal tokens already.`, { hint: 'revoke one that is not used' });
    }
    // 256 random bits: no salt, no slow hash needed.
    const token = personalPrefix + randomBytes(32).toString('base64url');
    const now = this.#clock.now();
    const record = { id: randomUUID(), user, title, role, createdAt: new Date(now).toISOString(), endsAt: now + lifetime };
    await this.#mirror.create(digest(token), record, lifetime);
    return { token, record };
  }

  /** The record of a token, or undefined when there is none or its time is over. */
  verify(token: string): PersonalToken | undefined {
    const key = digest(token);
    const record = this.#mirror.get(key)?.value;
    const now = this.#clock.now();
    if (record === undefined || record.endsAt <= now) return undefined;
    if (now - Date.parse(record.lastUsedAt ?? '1970-01-01T00:00:00Z') > useGrain && !this.#noting.has(key)) {
      this.#noting.add(key);
      void this.#noteUse(key, record, now).finally(() => this.#noting.delete(key));
    }
    return record;
  }

  /** The tokens of a user, the newest last. */
  of(user: string): PersonalToken[] {
    const mine = this.#mirror.values().filter((token) => token.user.toLowerCase() === user.toLowerCase());
    return mine.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  find(id: string): PersonalToken | undefined {
    return this.#mirror.values().find((token) => token.id === id);
  }

  /** A new secret in place of a token's own, with the same rights and as long a life as it was made for; the old one ends. */
  async rotate(id: string): Promise<{ token: string; record: PersonalToken } | undefined> {
    const old = this.find(id);
    if (old === undefined || !(await this.revoke(id))) return undefined;
    const { user, title, role } = old;
    return await this.issue({ user, title, role, lifetime: old.endsAt - Date.parse(old.createdAt) });
  }

  /** Ends a token; answers whether there was one. */
  async revoke(id: string): Promise<boolean> {
    for (const [key, { value }] of this.#mirror.entries()) if (value.id === id) return await this.#mirror.remove(key);
    return false;
  }

  /** Ends all tokens of a user. */
  async revokeAll(user: string): Promise<void> {
    for (const { id } of this.of(user)) await this.revoke(id);
  }

  async #noteUse(key: string, record: PersonalToken, now: number): Promise<void> {
    // Only where it still is, lest the note brings back what was revoked meanwhile; that a note is lost matters to nobody.
    const lastUsedAt = new Date(now).toISOString();
    await this.#mirror
      .update(
        key,
        (token) => ({ ...token, lastUsedAt }),
        () => record.endsAt - now,
      )
      .catch(() => {});
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');
