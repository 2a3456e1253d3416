import type { webcrypto } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Clock } from '../core/clock.ts';
import { Mirror, type Tree } from '../keys/index.ts';

/** The one algorithm of our tokens: ECDSA on P-256 with SHA-256. It is taken from the key, never from a token. */
export const algorithm = 'ES256';

/** A key waits as `next`, signs as `current`, and only verifies as `retired` until the last token it signed has ended. */
type KeyState = 'next' | 'current' | 'retired';

/** A key pair as the key tree keeps it: one that whoever signs with makes whoever he likes. */
type KeptKey = { kid: string; state: KeyState; privateJwk: JWK /** Milliseconds since the epoch. */; since: number };

/** A key pair ready for use. */
type ReadyKey = { kid: string; privateKey: webcrypto.CryptoKey; publicKey: webcrypto.CryptoKey; publicJwk: JWK };

/** The keys that sign tokens, shared by all servers of one key tree. */
export class SigningKeys {
  readonly #mirror: Mirror<KeptKey>;
  readonly #clock: Clock;
  readonly #ready = new Map<string, ReadyKey>();
  readonly #listeners: (() => void)[] = [];
  /** Milliseconds for which a retired key still verifies: the life of a token and the leeway. */
  readonly #overlap: number;

  constructor(tree: Tree, clock: Clock, tokenLifetime: number) {
    this.#mirror = new Mirror<KeptKey>(tree, '/access/signing-keys');
    this.#clock = clock;
    this.#overlap = tokenLifetime + 60_000;
  }

  /** Reads the keys; makes the first ones where there are none. */
  async start(): Promise<void> {
    await this.#mirror.start();
    this.#mirror.onChange(() => void this.#prepare().then(() => this.#listeners.forEach((listener) => void listener())));
    if (this.#find('current') === undefined) await this.#make('current');
    if (this.#find('next') === undefined) await this.#make('next');
    await this.#prepare();
  }

  stop(): void {
    this.#mirror.stop();
  }

  /** Calls back after each change, once the keys verify what they should. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The key that signs. */
  async current(): Promise<ReadyKey> {
    const kept = this.#find('current');
    const ready = kept === undefined ? undefined : await this.#readyKey(kept);
    if (ready === undefined) throw new Error('no key signs tokens');
    return ready;
  }

  /** The key that a token names, as long as it verifies; a look-up in memory and nothing else (RFC 8725 section 3.10). */
  verifier(kid: unknown): webcrypto.CryptoKey | undefined {
    return typeof kid === 'string' ? this.#ready.get(kid)?.publicKey : undefined;
  }

  /** Milliseconds since the epoch when the signing key began to sign. */
  get currentSince(): number {
    return this.#find('current')?.since ?? 0;
  }

  /** All keys without what signs with them, the one that signs first. */
  list(): Omit<KeptKey, 'privateJwk'>[] {
    const order: readonly KeyState[] = ['current', 'next', 'retired'];
    const shown = this.#mirror.values().map(({ kid, state, since }) => ({ kid, state, since }));
    return shown.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.since - a.since);
  }

  /** The public parts, as `/.well-known/jwks.json` shows them (RFC 7517). */
  jwks(): { keys: JWK[] } {
    return { keys: [...this.#ready.values()].map(({ publicJwk }) => publicJwk) };
  }

  /** The next key signs from now on. The old one verifies on until its tokens have ended, or, `atOnce`, ends all logins. */
  async rotate(atOnce = false): Promise<void> {
    const now = this.#clock.now();
    const old = this.#find('current');
    const next = this.#find('next') ?? (await this.#make('next'));
    if (old !== undefined) {
      if (atOnce) await this.#mirror.remove(old.kid);
      else await this.#mirror.set(old.kid, { ...old, state: 'retired', since: now }, this.#overlap);
    }
    await this.#mirror.update(next.kid, (key) => ({ ...key, state: 'current', since: now }));
    await this.#make('next');
    await this.#prepare();
  }

  #find(state: KeyState): KeptKey | undefined {
    return this.#mirror
      .values()
      .filter((key) => key.state === state)
      .sort((a, b) => b.since - a.since)[0];
  }

  async #make(state: KeyState): Promise<KeptKey> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const privateJwk = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(privateJwk);
    const kept: KeptKey = { kid, state, privateJwk, since: this.#clock.now() };
    await this.#mirror.create(kid, kept);
    return kept;
  }

  async #prepare(): Promise<void> {
    const kept = this.#mirror.values();
    for (const key of kept) await this.#readyKey(key);
    for (const kid of this.#ready.keys()) if (!kept.some((key) => key.kid === kid)) this.#ready.delete(kid);
  }

  async #readyKey({ kid, privateJwk }: KeptKey): Promise<ReadyKey> {
    const known = this.#ready.get(kid);
    if (known !== undefined) return known;
    const { d: _private, ...open } = privateJwk;
    const publicJwk: JWK = { ...open, kid, alg: algorithm, use: 'sig' };
    const [privateKey, publicKey] = await Promise.all([importJWK(privateJwk, algorithm), importJWK(publicJwk, algorithm)]);
    const ready = { kid, privateKey: privateKey as webcrypto.CryptoKey, publicKey: publicKey as webcrypto.CryptoKey, publicJwk };
    this.#ready.set(kid, ready);
    return ready;
  }
}
