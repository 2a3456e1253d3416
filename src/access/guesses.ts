import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { Problem } from '../core/problem.ts';
import type { Tree } from '../keys/index.ts';
import type { AccessConfig } from './config.ts';
import { Mirror } from './mirror.ts';

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

  /** Throws `exhausted`, with the seconds to wait, while the name or the address is locked. */
  check(name: string, address: string): void {
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

  /** Counts a wrong password; answers whether the name is locked by it. */
  async failed(name: string, address: string): Promise<boolean> {
    const [isLocked] = await Promise.all([this.#failedName(name), this.#failedAddress(address)]);
    return isLocked;
  }

  /** Forgets what was counted for a name: after the right password, or by an administrator. */
  async forgive(name: string): Promise<void> {
    await this.#mirror.remove(nameKey(name));
  }

  async #failedName(name: string): Promise<boolean> {
    const { free, firstLock, longestLock } = this.#config;
    const now = this.#clock.now();
    const failures = this.#get(nameKey(name)).failures + 1;
    const lock = failures > free ? Math.min(longestLock, firstLock * 2 ** (failures - free - 1)) : 0;
    await this.#mirror.set(nameKey(name), { failures, since: now, lockedUntil: lock === 0 ? 0 : now + lock }, memory);
    return lock > 0;
  }

  async #failedAddress(address: string): Promise<void> {
    const { perAddress, window } = this.#config;
    const now = this.#clock.now();
    const before = this.#get(addressKey(address));
    const isSameWindow = now - before.since < window;
    const since = isSameWindow ? before.since : now;
    const failures = isSameWindow ? before.failures + 1 : 1;
    const end = since + window;
    await this.#mirror.set(addressKey(address), { failures, since, lockedUntil: failures >= perAddress ? end : 0 }, end - now);
  }

  #get(key: string): Guessing {
    return this.#mirror.get(key)?.value ?? { failures: 0, since: 0, lockedUntil: 0 };
  }
}

// A mistyped name may be a password: only its hash is kept.
const nameKey = (name: string): string => `name-${createHash('sha256').update(name.toLowerCase()).digest('hex').slice(0, 32)}`;
const addressKey = (address: string): string => `address-${address}`;
