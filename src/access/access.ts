import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Caller, lowerRole } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { Tree } from '../keys/index.ts';
import { AnonymousGrants } from './anonymous.ts';
import { type AuditEntry, AuditLog } from './audit-log.ts';
import { bearerOf } from './bearer.ts';
import type { AccessConfig } from './config.ts';
import { Guesses } from './guesses.ts';
import { isThisMachine, networksOf } from './networks.ts';
import { Passwords } from './password.ts';
import { addressOf } from './peer.ts';
import { PersonalTokens, personalPrefix } from './personal-tokens.ts';
import { SigningKeys } from './signing-keys.ts';
import { type Stay, Stays } from './stays.ts';
import { type Claims, type IssuedToken, Tokens } from './tokens.ts';
import type { User } from './user.ts';
import { type NewUser, Users } from './users.ts';

/** What the room needs of the house. */
export type AccessDependencies = {
  /** The system space of the key tree. */
  tree: Tree;
  dataFolder: string;
  clock: Clock;
  log: Log;
};

/** What a request brings to the door. */
export type Visit = {
  /** The `Authorization` fields as they came: more than one is refused. */
  authorization: readonly string[];
  /** From where, past trusted proxies; see `Access.addressOf`. */
  address: string;
  /** True when a proxy says that it passes the request on: then the address may be the proxy's, and nobody is trusted for it. */
  isForwarded?: boolean;
  /** SHA-256 fingerprint (lower-case hex) of a client certificate that TLS has verified. */
  certificate?: string | undefined;
  /** The part of the house, where the configuration can leave one open. */
  surface?: string | undefined;
  /** True for the few routes that a user may call before he has chosen a password of his own. */
  isForNewcomers?: boolean | undefined;
};

/** Milliseconds between two looks at the age of the signing key. */
const rotationGrain = 60 * 60 * 1000;

/** The house's door: who comes in, who he is, what he may do, and what is written down about it. */
export class Access {
  readonly users: Users;
  readonly guesses: Guesses;
  readonly keys: SigningKeys;
  readonly tokens: Tokens;
  readonly personalTokens: PersonalTokens;
  readonly audit: AuditLog;
  readonly config: AccessConfig;
  readonly #deps: AccessDependencies;
  readonly #passwords: Passwords;
  readonly #grants: AnonymousGrants;
  readonly #stays = new Stays();
  readonly #proxies: ReturnType<typeof networksOf>;
  /** Names that do not exist are written down as a hash under this key: they may be passwords. */
  readonly #nameKey = randomBytes(32);
  #rotation: NodeJS.Timeout | undefined;

  constructor(config: AccessConfig, deps: AccessDependencies) {
    const { tree, clock, dataFolder } = deps;
    this.config = config;
    this.#deps = deps;
    this.#passwords = new Passwords(config.passwords);
    this.#grants = new AnonymousGrants(config.anonymous);
    this.#proxies = networksOf(config.trustedProxies, 'access.trustedProxies');
    this.users = new Users(tree, this.#passwords, clock);
    this.guesses = new Guesses(config.guesses, tree, clock);
    this.keys = new SigningKeys(tree, clock, config.tokens.lifetime);
    this.tokens = new Tokens(this.keys, tree, clock, config.tokens);
    this.personalTokens = new PersonalTokens(tree, clock, config.tokens.perUser);
    this.audit = new AuditLog(join(dataFolder, 'audit'), config.audit, clock);
  }

  async start(): Promise<void> {
    await this.audit.start();
    await Promise.all([this.users.start(), this.guesses.start(), this.keys.start(), this.personalTokens.start()]);
    await this.tokens.start();
    for (const part of [this.users, this.keys, this.personalTokens, this.tokens]) part.onChange(this.#stays.reviewSoon);
    this.#stays.start();
    await this.#addFirstAdmin();
    if (this.hasUsers) void this.#passwords.prepare();
    this.#rotation = setInterval(() => void this.#rotateInTime(), rotationGrain).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#rotation);
    this.#stays.stop();
    for (const part of [this.users, this.guesses, this.keys, this.personalTokens, this.tokens]) part.stop();
    await this.audit.stop();
  }

  /** True once somebody has to log in. */
  get hasUsers(): boolean {
    return this.users.count > 0;
  }

  /** The address of a request, past the proxies that the configuration trusts. */
  addressOf(socketAddress: string, forwardedFor: string | undefined): string {
    return addressOf(socketAddress, forwardedFor, this.#proxies);
  }

  /**
   * Who is at the door. Throws `unauthenticated` when that cannot be told and has to be, `invalid` when the credentials cannot
   * be read. Answers at once where no signature has to be checked anew.
   */
  admit(visit: Visit): Caller | Promise<Caller> {
    const token = bearerOf(visit.authorization);
    if (token === undefined) return this.#admitWithoutToken(visit);
    if (token.startsWith(personalPrefix)) return this.#callerOfPersonalToken(token, visit);
    const claims = this.tokens.verify(token);
    if (claims instanceof Promise) return claims.then((late) => this.#callerOf(late, visit));
    return this.#callerOf(claims, visit);
  }

  /**
   * Takes note of somebody who was let in and is still being answered, until the function that comes back is called: he is sent away
   * when his user, his token or his role has ended.
   */
  enter(stay: Stay): () => void {
    return this.#stays.enter(stay);
  }

  /** Adds a user, the first of whom has to be an administrator with a password: the door closes behind him. */
  async addUser(user: NewUser): Promise<User> {
    if (!this.hasUsers && (user.role !== 'admin' || user.password === undefined)) throw firstIsAdmin();
    return await this.users.add(user);
  }

  /** A token for a name and its password. Throws `unauthenticated` or `exhausted`; takes as long for a name that does not exist. */
  async logIn(name: string, password: string, address: string): Promise<IssuedToken & { user: User }> {
    const user = this.users.find(name);
    const known = user?.isDisabled === false ? user.password : undefined;
    const judgement = await this.guesses.judge({ name, address }, () => this.#passwords.verify(known, password));
    if (judgement !== 'right' || user === undefined) {
      const note = judgement === 'locked' ? { note: 'locked' } : {};
      await this.note({ actor: this.shownName(name), address, action: 'login', outcome: 'failed', ...note });
      throw wrongPassword();
    }
    if (known !== undefined && this.#passwords.isOutdated(known)) await this.users.rehash(name, password, known);
    const issued = await this.tokens.issue(user.name, user.role);
    await this.note({ actor: user.name, address, action: 'login', outcome: 'ok', note: `token ${issued.id}` });
    return { ...issued, user };
  }

  /** Makes sure that whoever changes his password is he himself. Throws as `logIn` does, and counts as it does. */
  async confirmPassword(user: User, password: string, address: string): Promise<void> {
    const guess = { name: user.name, address };
    if ((await this.guesses.judge(guess, () => this.#passwords.verify(user.password, password))) === 'right') return;
    await this.note({ actor: user.name, address, action: 'users.password', target: user.name, outcome: 'failed' });
    throw new Problem('denied', 'That is not your password of now.', { pointer: '/current_password' });
  }

  /** Milliseconds since the epoch, by the clock of the house. */
  now(): number {
    return this.#deps.clock.now();
  }

  /** A fresh token in place of one that still holds, until the session is over. Throws `unauthenticated`, or `denied` for a personal token. */
  async renew(token: string): Promise<IssuedToken> {
    if (token.startsWith(personalPrefix)) throw notALogin('A personal token is not renewed.', 'weir token rotate ID');
    const claims = await this.tokens.verify(token);
    const user = claims === undefined ? undefined : this.users.find(claims.user);
    if (claims === undefined || user === undefined) throw invalidToken();
    return await this.tokens.issue(user.name, user.role, claims);
  }

  /** Ends the login of a token, and all tokens that renewed it. Throws `denied` for a personal token. */
  async logOut(token: string): Promise<void> {
    if (token.startsWith(personalPrefix)) throw notALogin('A personal token has no login to end.', 'weir token rm ID');
    const claims = await this.tokens.verify(token);
    if (claims !== undefined) await this.tokens.revoke(claims);
  }

  /** Writes into the audit log; that it cannot be written is said in the log. */
  async note(entry: AuditEntry): Promise<void> {
    await this.audit.write(entry).catch((error: unknown) => this.#deps.log.error({ err: error }, 'the audit log cannot be written'));
  }

  /** A name as the audit log may hold it. */
  shownName(name: string): string {
    const user = this.users.find(name);
    return user?.name ?? `unknown-${createHmac('sha256', this.#nameKey).update(name).digest('hex').slice(0, 16)}`;
  }

  #admitWithoutToken(visit: Visit): Caller {
    const { address, certificate, surface, isForwarded = false } = visit;
    const user = certificate === undefined ? undefined : this.users.ofCertificate(certificate);
    if (user !== undefined && !user.isDisabled) return settled(user, visit, { name: user.name, role: user.role, proof: 'certificate' });
    if (!this.hasUsers && isThisMachine(address) && !isForwarded) return { name: 'local', role: 'admin', proof: 'open' };
    const caller = this.#grants.find(surface, address);
    if (caller === undefined) throw unauthenticated();
    return caller;
  }

  #callerOf(claims: Claims | undefined, visit: Visit): Caller {
    const user = claims === undefined ? undefined : this.users.find(claims.user);
    if (claims === undefined || user === undefined || user.isDisabled || claims.issuedAt < user.tokensNotBefore) throw invalidToken();
    return settled(user, visit, { name: user.name, role: user.role, proof: 'token', tokenId: claims.id });
  }

  #callerOfPersonalToken(token: string, visit: Visit): Caller {
    const record = this.personalTokens.verify(token);
    const user = record === undefined ? undefined : this.users.find(record.user);
    // A token older than the user belonged to somebody before him who had the same name.
    if (record === undefined || user === undefined || user.isDisabled || record.createdAt < user.createdAt) throw invalidToken();
    return settled(user, visit, {
      name: user.name,
      role: lowerRole(user.role, record.role),
      proof: 'personal-token',
      tokenId: record.id,
    });
  }

  async #addFirstAdmin(): Promise<void> {
    const file = this.config.adminPasswordFile;
    if (file === '' || this.hasUsers) return;
    const [password = ''] = readPasswordFile(file).split(/\r?\n/);
    await this.addUser({ name: 'admin', role: 'admin', password, by: 'access.adminPasswordFile' });
    await this.note({ actor: 'access.adminPasswordFile', address: '', action: 'users.add', target: 'admin', outcome: 'ok' });
    this.#deps.log.info({ user: 'admin', file }, 'made the first user, with the password of access.adminPasswordFile');
  }

  async #rotateInTime(): Promise<void> {
    const age = this.#deps.clock.now() - this.keys.currentSince;
    if (age < this.config.tokens.rotate) return;
    await this.keys.rotate();
    await this.note({ actor: 'weir', address: '', action: 'signing-keys.rotate', outcome: 'ok' });
  }
}

/** Lets somebody who still has a password of another's choice do nothing but choose his own. */
function settled(user: User, { isForNewcomers }: Visit, caller: Caller): Caller {
  if (!user.mustChangePassword) return caller;
  if (isForNewcomers === true) return { ...caller, role: 'viewer' };
  throw new Problem('denied', 'Choose a password of your own first.', {
    detail: 'somebody else chose the one you have',
    hint: 'weir users passwd',
    facts: { error: 'password_change_required', links: { password: { href: `/api/v1/users/${user.name}/password`, method: 'PUT' } } },
  });
}

function readPasswordFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const pointer = 'access.adminPasswordFile';
    throw new Problem('invalid', `The file of ${pointer} cannot be read.`, { detail: (cause as Error).message, pointer, cause });
  }
}

const firstIsAdmin = (): Problem =>
  new Problem('conflict', 'The first user has to be an administrator with a password.', {
    detail: 'from then on everybody needs a login, and somebody has to be able to add others',
    hint: 'weir users add NAME --role admin',
  });

const notALogin = (title: string, hint: string): Problem => new Problem('denied', title, { hint });

const unauthenticated = (): Problem =>
  new Problem('unauthenticated', 'This needs a login.', { hint: 'weir login, or Authorization: Bearer TOKEN' });

const invalidToken = (): Problem =>
  new Problem('unauthenticated', 'This token is not valid, or no longer.', { hint: 'weir login', facts: { error: 'invalid_token' } });

const wrongPassword = (): Problem => new Problem('unauthenticated', 'Wrong name or password.', { facts: { error: 'invalid_grant' } });
