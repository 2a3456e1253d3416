import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../core/clock.ts';
import { Mirror, type Tree } from '../keys/index.ts';
import { algorithm, type SigningKeys } from './signing-keys.ts';

/** Who makes our tokens and who reads them: the same house. */
const party = 'weir';

/** The type in a token's header (RFC 9068 section 2.1): no other JWT of ours or of anybody passes for one. */
const tokenType = 'at+jwt';

/** Clocks may differ by this much between servers, in seconds. */
const leeway = 30;

/** Verified tokens kept, so that a signature is checked once and not at each request. */
const rememberedTokens = 10_000;

/** What a token says; the role is not among it, since the user's record may have changed. Times are seconds since the epoch. */
export type Claims = {
  user: string;
  id: string;
  issuedAt: number;
  endsAt: number;
  /** Id of the first token of the login, shared by those that renewed it: they end together. */
  session: string;
  /** When the password was given. */
  loggedInAt: number;
};

/** How long tokens live, in milliseconds. */
export type TokenLimits = {
  lifetime: number;
  /** From the password to the end of the last renewal. */
  session: number;
};

/** A token as the client is given it. */
export type IssuedToken = { token: string; id: string /** Seconds from now. */; expiresIn: number };

/** Tokens of logins: signed, short-lived, revocable. */
export class Tokens {
  readonly #keys: SigningKeys;
  readonly #revoked: Mirror<{ until: number }>;
  readonly #clock: Clock;
  readonly #lifetime: number;
  readonly #session: number;
  readonly #verified = new Map<string, Claims & { kid: string }>();

  constructor(keys: SigningKeys, tree: Tree, clock: Clock, { lifetime, session }: TokenLimits) {
    this.#keys = keys;
    this.#revoked = new Mirror(tree, '/access/revoked');
    this.#clock = clock;
    this.#lifetime = Math.floor(lifetime / 1000);
    this.#session = Math.max(this.#lifetime, Math.floor(session / 1000));
  }

  async start(): Promise<void> {
    await this.#revoked.start();
  }

  stop(): void {
    this.#revoked.stop();
  }

  /** Calls back after each revocation, whoever made it. */
  onChange(listener: () => void): void {
    this.#revoked.onChange(listener);
  }

  /** A new token for a user; with the claims of an earlier one it goes on with that login, as long as a session may last. */
  async issue(user: string, role: string, earlier?: Claims): Promise<IssuedToken> {
    const { kid, privateKey } = await this.#keys.current();
    const now = this.#seconds();
    const id = randomUUID();
    const loggedInAt = earlier?.loggedInAt ?? now;
    const endsAt = Math.min(now + this.#lifetime, loggedInAt + this.#session);
    const token = await new SignJWT({ client_id: party, roles: [role], auth_time: loggedInAt, sid: earlier?.session ?? id })
      .setProtectedHeader({ alg: algorithm, typ: tokenType, kid })
      .setIssuer(party)
      .setAudience(party)
      .setSubject(user)
      .setJti(id)
      // With its milliseconds (RFC 7519 allows fractions), so that a login right after "end all logins" is not one of them.
      .setIssuedAt(this.#clock.now() / 1000)
      .setExpirationTime(endsAt)
      .sign(privateKey);
    return { token, id, expiresIn: endsAt - now };
  }

  /** What a token says, or undefined when it is not ours, has ended or was revoked. At once when it was seen before. */
  verify(token: string): Claims | undefined | Promise<Claims | undefined> {
    const known = this.#verified.get(token);
    if (known === undefined) return this.#verifySignature(token);
    const isGood =
      known.endsAt + leeway > this.#seconds() &&
      this.#revoked.get(known.session) === undefined &&
      this.#keys.verifier(known.kid) !== undefined;
    return isGood ? known : undefined;
  }

  /** Refuses a token from now on, and all others of its login. */
  async revoke({ session, loggedInAt }: Claims): Promise<void> {
    const until = loggedInAt + this.#session + leeway;
    const left = until - this.#seconds();
    if (left > 0) await this.#revoked.set(session, { until }, left * 1000);
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
        requiredClaims: ['sub', 'jti', 'iat', 'exp', 'sid', 'auth_time'],
      });
      const { sub = '', jti = '', iat = 0, exp = 0 } = payload;
      const { sid, auth_time } = payload as { sid: string; auth_time: number };
      const kid = header.kid as string;
      const claims = { user: sub, id: jti, issuedAt: iat, endsAt: exp, session: sid, loggedInAt: auth_time, kid };
      if (this.#revoked.get(sid) !== undefined) return undefined;
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
