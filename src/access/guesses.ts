import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { Problem } from '../core/problem.ts';
import { Mirror, type Tree } from '../keys/index.ts';
import type { AccessConfig } from './config.ts';
import { siteOf } from './networks.ts';
import { Turns } from './turns.ts';

/** A password for a name, from an address. */
export type Guess = { name: string; address: string };

/** Wrong passwords for one name, or from one address. Times are milliseconds since the epoch. */
type Guessing = { failures: number; since: number; lockedUntil: number };

/** How long a name's count outlives its last failure. */
const memory = 24 * 60 * 60 * 1000;

/**
 * Counts wrong passwords by name (existing or not) and by address, and locks both for a while; kept in the key tree, so that
 * a restart forgives nothing. While a name is locked even the right password is refused, and no hash is computed.
 */
export class Guesses {
  readonly #config: AccessConfig['guesses'];
  readonly #mirror: Mirror<Guessing>;
  readonly #clock: Clock;
  readonly #turns = new Turns();

  constructor(config: AccessConfig['guesses'], tree: Tree, clock: Clock) {
    this.#config = config;
    this.#mirror = new Mirror(tree, '/access/guesses');
    this.#clock = clock;
  }

  start(): Promise<void> {
    return this.#mirror.start();
  }

  stop(): void {
    this.#mirror.stop();
  }

  /**
   * Whether a guess is right; guesses at one name are looked at one after the other, so that many at once are counted like
   * many in a row. Throws `exhausted`, and looks at nothing, while the name or the address is locked.
   */
  async judge({ name, address }: Guess, verify: () => Promise<boolean>): Promise<'right' | 'wrong' | 'locked'> {
    return await this.#turns.take(nameKey(name), async () => {
      this.#check(name, address);
      if (await verify()) {
        if (this.#mirror.get(nameKey(name)) !== undefined) await this.forgive(name);
        return 'right';
      }
      const [isLocked] = await Promise.all([this.#failedName(name), this.#failedAddress(address)]);
      return isLocked ? 'locked' : 'wrong';
    });
  }

  /** Throws `exhausted`, with the seconds to wait, while the name or the address is locked. */
  #check(name: string, address: string): void {
    const until = Math.max(this.lockedUntil(name), this.#get(addressKey(address)).lockedUntil);
    const wait = until - this.#clock.now();
    if (wait <= 0) return;
    throw new Problem('exhausted', 'Too many wrong passwords.', {
      detail: 'this name or this address is locked for a while; the right password is refused as well',
      hint: 'an administrator may unlock a name: weir users unlock NAME',
      facts: { retryAfterSeconds: Math.ceil(wait / 1000) },
    });
  }

  /** When the lock of a name ends; 0 when it has none. */
  lockedUntil(name: string): number {
    return this.#get(nameKey(name)).lockedUntil;
  }

  /** Forgets what was counted for a name: after the right password, or by an administrator. */
  async forgive(name: string): Promise<void> {
    await this.#mirror.remove(nameKey(name));
  }

  async #failedName(name: string): Promise<boolean> {
    const { free, firstLock, longestLock } = this.#config;
    const now = this.#clock.now();
    const count = (before: Guessing | undefined): Guessing => {
      const failures = (before?.failures ?? 0) + 1;
      const lock = failures > free ? Math.min(longestLock, firstLock * 2 ** (failures - free - 1)) : 0;
      return { failures, since: now, lockedUntil: lock === 0 ? 0 : now + lock };
    };
    const { lockedUntil } = await this.#mirror.put(nameKey(name), count, () => memory);
    return lockedUntil > now;
  }

  async #failedAddress(address: string): Promise<void> {
    const { perAddress, window } = this.#config;
    const now = this.#clock.now();
    const count = (before: Guessing | undefined): Guessing => {
      const { since, failures } = before !== undefined && now - before.since < window ? before : { since: now, failures: 0 };
      return { since, failures: failures + 1, lockedUntil: failures + 1 >= perAddress ? since + window : 0 };
    };
    await this.#mirror.put(addressKey(address), count, ({ since }) => since + window - now);
  }

  #get(key: string): Guessing {
    return this.#mirror.get(key)?.value ?? { failures: 0, since: 0, lockedUntil: 0 };
  }
}

// A mistyped name may be a password: only its hash is kept.
const nameKey = (name: string): string => `name-${createHash('sha256').update(name.toLowerCase()).digest('hex').slice(0, 32)}`;
// A slash would begin a directory.
const addressKey = (address: string): string => `address-${siteOf(address).replace('/', '-')}`;
