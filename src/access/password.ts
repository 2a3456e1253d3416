import { hash, verify } from '@node-rs/argon2';
import { Problem } from '../core/problem.ts';
import type { AccessConfig } from './config.ts';

/** The longest password, in characters: argon2id takes any length, but reading one costs time. */
const longest = 256;

/** Hashes that may wait for a free place. Each takes the memory of the settings: an open login would be a memory attack otherwise. */
const queueLength = 16;

// What is tried first everywhere, of those that are long enough to be accepted at all.
const commonest = new Set(
  [
    'password1234 password12345 password123456 passwordpassword administrator administrator1 letmeinletmein welcome12345 changemechangeme changeme1234',
    'qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyuiopasdfghjkl 1qaz2wsx3edc 1q2w3e4r5t6y zaq12wsxcde3 iloveyou1234 trustno1trustno1 correcthorsebatterystaple',
    '123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 098765432109 abcdefghijkl abcdef123456 adminadminadmin rootrootroot',
    'weirweirweir weir12345678 hunter2hunter2 superman1234 football1234 baseball1234 princess1234 sunshine1234 monkey123456 dragon123456',
  ]
    .join(' ')
    .split(' '),
);

/** Hashes passwords by argon2id (RFC 9106), a few at once. */
export class Passwords {
  readonly #config: AccessConfig['passwords'];
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #dummyHash: Promise<string> | undefined;

  constructor(config: AccessConfig['passwords']) {
    this.#config = config;
  }

  /** The hash of a new password, as a PHC string. Throws `unprocessable` when the password is refused. */
  async hash(password: string, userName: string): Promise<string> {
    const normal = this.#accept(password, userName);
    void this.#dummy();
    return await this.#inTurn(() => hash(normal, this.#parameters()));
  }

  /** Whether a password is the one of the hash. Without a hash it takes just as long and answers false. */
  async verify(phc: string | undefined, password: string): Promise<boolean> {
    const normal = password.normalize('NFKC');
    if (normal.length > longest * 4) return false;
    const expected = phc ?? (await this.#dummy());
    const isRight = await this.#inTurn(() => verify(expected, normal));
    return isRight && phc !== undefined;
  }

  /** Makes ready what stands in for users that do not exist, so that the first such login takes no longer than the next. */
  async prepare(): Promise<void> {
    await this.#dummy();
  }

  // Not in turn with the logins: it must not fail because they are many.
  #dummy(): Promise<string> {
    this.#dummyHash ??= hash('nobody has this password', this.#parameters());
    return this.#dummyHash;
  }

  /** True when a hash was made with other settings than those of today. */
  isOutdated(phc: string): boolean {
    const { memoryCost, timeCost, parallelism } = this.#parameters();
    return !phc.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`);
  }

  #parameters() {
    return { memoryCost: Math.floor(this.#config.memory / 1024), timeCost: this.#config.passes, parallelism: 1, outputLen: 32 };
  }

  /** The password in its normal form (NFKC), by the rules of NIST SP 800-63B-4: length, not common, not the name; no composition. */
  #accept(password: string, userName: string): string {
    const normal = password.normalize('NFKC');
    const { least } = this.#config;
    const length = [...normal].length;
    if (length < least || length > longest) throw refused(`expected ${least} to ${longest} characters, got ${length}`);
    if (normal.includes('\0')) throw refused('a NUL character is not allowed');
    const plain = normal.toLowerCase();
    if (plain.includes(userName.toLowerCase()) && userName.length >= 4) throw refused('it contains the name of the user');
    if (commonest.has(plain) || new Set(plain).size < 5) throw refused('it is one of those that are tried first');
    return normal;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#config.parallel) {
      if (this.#waiting.length >= queueLength) {
        throw new Problem('unavailable', 'Too many logins at once.', { hint: 'try again in a moment', facts: { retryAfterSeconds: 1 } });
      }
      await new Promise<void>((go) => this.#waiting.push(go));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

const refused = (detail: string): Problem => new Problem('unprocessable', 'That password is refused.', { detail, pointer: '/password' });
