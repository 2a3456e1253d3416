import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../core/clock.ts';
import type { Tree } from '../keys/index.ts';
import { Mirror } from './mirror.ts';
import { algorithm, type SigningKeys } from './signing-keys.ts';

/** Who makes our tokens and who reads them: the same house. */
const party = 'weir';

/** The type in a token's header (RFC 9068 section 2.1): no other JWT of ours or of anybody passes for one. */
const tokenType = 'at+jwt';

/** Clocks may differ by this much between servers, in seconds. */
const leeway = 30;

/** Verified tokens kept, so that a signature is checked once and not at each request. */
const rememberedTokens = 10_000;

/** What a token says; the role is not among it, since the user's record may have changed. */
export type Claims = { user: string; id: string /** Seconds since the epoch. */; issuedAt: number; endsAt: number };

/** A token as the client is given it. */
export type IssuedToken = { token: string; id: string /** Seconds from now. */; expiresIn: number };

/** Tokens of logins: signed, short-lived, revocable. */
export class Tokens {
  readonly #keys: SigningKeys;
  readonly #revoked: Mirror<{ until: number }>;
  readonly #clock: Clock;
  readonly #lifetime: number;
  readonly #verified = new Map<string, Claims & { kid: string }>();

  constructor(keys: SigningKeys, tree: Tree, clock: Clock, lifetime: number) {
    this.#keys = keys;
    this.#revoked = new Mirror(tree, '/access/revoked');
    this.#clock = clock;
    this.#lifetime = Math.floor(lifetime / 1000);
  }

  async start(): Promise<void> {
    await this.#revoked.start();
  }

  stop(): void {
    this.#revoked.stop();
  }

  /** A new token for a user. */
  async issue(user: string, role: string): Promise<IssuedToken> {
    const { kid, privateKey } = await this.#keys.current();
    const now = this.#seconds();
    const id = randomUUID();
    const token = await new SignJWT({ client_id: party, roles: [role] })
      .setProtectedHeader({ alg: algorithm, typ: tokenType, kid })
      .setIssuer(party)
      .setAudience(party)
      .setSubject(user)
      .setJti(id)
      // With its milliseconds (RFC 7519 allows fractions), so that a login right after "end all logins" is not one of them.
      .setIssuedAt(this.#clock.now() / 1000)
      .setExpirationTime(now + this.#lifetime)
      .sign(privateKey);
    return { token, id, expiresIn: this.#lifetime };
  }

  /** What a token says, or undefined when it is not ours, has ended or was revoked. At once when it was seen before. */
  verify(token: string): Claims | undefined | Promise<Claims | undefined> {
    const known = this.#verified.get(token);
    if (known === undefined) return this.#verifySignature(token);
    const isGood =
      known.endsAt > this.#seconds() && this.#revoked.get(known.id) === undefined && this.#keys.verifier(known.kid) !== undefined;
    return isGood ? known : undefined;
  }

  /** Refuses a token from now on. */
  async revoke(claims: Claims): Promise<void> {
    const left = claims.endsAt - this.#seconds() + leeway;
    if (left > 0) await this.#revoked.set(claims.id, { until: claims.endsAt }, left * 1000);
  }

  // RFC 8725: the algorithm is ours whatever the header says; a header that brings or points to a key of its own is refused.
  async #verifySignature(token: string): Promise<Claims | undefined> {
    try {
      const header = decodeProtectedHeader(token);
      const key = this.#keys.verifier(header.kid);
      if (key === undefined || 'jku' in header || 'x5u' in header || 'jwk' in header || 'x5c' in header) return undefined;
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        issuer: party,
        audience: party,
        typ: tokenType,
        clockTolerance: leeway,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      });
      const { sub = '', jti = '', iat = 0, exp = 0 } = payload;
      const claims = { user: sub, id: jti, issuedAt: iat, endsAt: exp, kid: header.kid as string };
      if (this.#revoked.get(jti) !== undefined) return undefined;
      this.#remember(token, claims);
      return claims;
    } catch {
      return undefined; // not a token of ours: why is nobody's business but the log's, and the log must not hold tokens
    }
  }

  #remember(token: string, claims: Claims & { kid: string }): void {
    if (this.#verified.size >= rememberedTokens) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, claims);
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
