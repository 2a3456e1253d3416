import type { Clock } from '../core/clock.ts';
import type { Role } from '../core/http.ts';
import { Problem } from '../core/problem.ts';
import { type Kept, KeyFault, Mirror, type Tree } from '../keys/index.ts';
import type { Passwords } from './password.ts';
import { type User, userKey } from './user.ts';

/** What a new user is made of. Without a password he is a service. */
export type NewUser = { name: string; role: Exclude<Role, 'open'>; password?: string; mustChangePassword?: boolean; by: string };

/** What may be changed; what is absent stays. */
export type UserChange = { role?: User['role']; isDisabled?: boolean; certificates?: string[] };

const directory = '/access/users';

/**
 * The users. The last administrator who can come in is neither removed nor demoted nor disabled: that rule is kept by a
 * count of changes beside the users, which every write that takes an administrator away must find unchanged.
 */
export class Users {
  readonly #tree: Tree;
  readonly #mirror: Mirror<User>;
  readonly #passwords: Passwords;
  readonly #clock: Clock;

  constructor(tree: Tree, passwords: Passwords, clock: Clock) {
    this.#tree = tree;
    this.#mirror = new Mirror(tree, directory);
    this.#passwords = passwords;
    this.#clock = clock;
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

  get count(): number {
    return this.#mirror.size;
  }

  /** The user of a name, without case; undefined when there is none, whatever the name looks like. */
  find(name: string): User | undefined {
    return this.#mirror.get(name.toLowerCase())?.value;
  }

  /** The user of a name; throws `not-found`. */
  get(name: string): User {
    return this.#kept(name).value;
  }

  /** Index of the last write to a user: his ETag. */
  versionOf(name: string): number {
    return this.#kept(name).index;
  }

  /** All users, by name. */
  list(): User[] {
    return this.#mirror.values().sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  }

  /** The user whom a client certificate stands for. */
  ofCertificate(fingerprint: string): User | undefined {
    return this.#mirror.values().find((user) => user.certificates.includes(fingerprint));
  }

  /** Adds a user. Throws `conflict` when the name is taken. */
  async add({ name, role, password, mustChangePassword = false, by }: NewUser): Promise<User> {
    const key = userKey(name);
    const phc = password === undefined ? undefined : await this.#passwords.hash(password, name);
    const now = new Date(this.#clock.now()).toISOString();
    const user: User = {
      name,
      role,
      kind: phc === undefined ? 'service' : 'person',
      ...(phc !== undefined && { password: phc }),
      mustChangePassword,
      isDisabled: false,
      // Whoever had this name before leaves no token behind.
      tokensNotBefore: this.#seconds(),
      certificates: [],
      createdAt: now,
      createdBy: by,
      updatedAt: now,
    };
    try {
      await this.#mirror.create(key, user);
    } catch (error) {
      if (error instanceof KeyFault && error.kind === 'exists')
        throw new Problem('conflict', `There is a user ${name} already.`, { pointer: '/name' });
      throw error;
    }
    return user;
  }

  /** Changes role, certificates or whether he may come in; less right than before ends his tokens. */
  async change(name: string, change: UserChange, version?: number): Promise<User> {
    return await this.#write(name, version, (user) => {
      const losesRight = (change.role !== undefined && change.role !== user.role) || change.isDisabled === true;
      return { ...user, ...change, tokensNotBefore: losesRight ? this.#seconds() : user.tokensNotBefore };
    });
  }

  /** Gives a new password; all tokens of logins before it end. */
  async setPassword(name: string, password: string, mustChangePassword: boolean, version?: number): Promise<User> {
    const phc = await this.#passwords.hash(password, this.get(name).name);
    const tokensNotBefore = this.#seconds();
    return await this.#write(name, version, (user) => ({ ...user, kind: 'person', password: phc, mustChangePassword, tokensNotBefore }));
  }

  /** Keeps the same password under today's hashing settings, unless today's rules refuse it or it was changed meanwhile. */
  async rehash(name: string, password: string, before: string): Promise<void> {
    try {
      const phc = await this.#passwords.hash(password, '');
      await this.#mirror.update(userKey(name), (user) => (user.password === before ? { ...user, password: phc } : user));
    } catch (error) {
      // The login itself was right, and the old hash still holds.
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** Ends all logins of a user. */
  async endLogins(name: string): Promise<User> {
    const tokensNotBefore = this.#seconds();
    return await this.#write(name, undefined, (user) => ({ ...user, tokensNotBefore }));
  }

  /** Removes a user. */
  async remove(name: string, version?: number): Promise<void> {
    await this.#guarded(name, version, undefined);
  }

  async #write(name: string, version: number | undefined, change: (user: User) => User): Promise<User> {
    return (await this.#guarded(name, version, (user) => ({
      ...change(user),
      updatedAt: new Date(this.#clock.now()).toISOString(),
    }))) as User;
  }

  /** Writes (or removes) a user if he still is of the version, and never takes the last administrator away. */
  async #guarded(name: string, version: number | undefined, change: ((user: User) => User) | undefined): Promise<User | undefined> {
    for (let attempt = 0; ; attempt++) {
      const { value: user, index } = this.#kept(name);
      if (version !== undefined && version !== index) throw changedMeanwhile(user.name);
      const next = change?.(user);
      const takesAdmin = isAdmin(user) && (next === undefined || !isAdmin(next));
      if (takesAdmin && this.list().filter(isAdmin).length === 1) throw lastAdmin(user.name);
      try {
        this.#mirror.take(
          await this.#tree.transact([...this.#operations(userKey(name), index, next), ...(takesAdmin ? await this.#countOperation() : [])]),
        );
        return next;
      } catch (error) {
        const isRace =
          error instanceof KeyFault && (error.kind === 'compare-failed' || error.kind === 'not-found' || error.kind === 'exists');
        if (!isRace || attempt === 20) throw error;
        await this.#mirror.reload();
      }
    }
  }

  #operations(key: string, index: number, next: User | undefined) {
    const path = `${directory}/${key}`;
    const prevIndex = BigInt(index);
    return next === undefined
      ? [{ action: 'compare-and-delete' as const, path, prevIndex }]
      : [{ action: 'compare-and-swap' as const, path, prevIndex, value: Buffer.from(JSON.stringify(next)) }];
  }

  /** Two servers that each take a different administrator away would both leave "the other": they meet at this node. */
  async #countOperation() {
    const path = '/access/admin-changes';
    const node = await this.#tree.get(path, { isLinearizable: true });
    const value = Buffer.from(String(this.#clock.now()));
    if (node === undefined) return [{ action: 'create' as const, path, value }];
    return [{ action: 'compare-and-swap' as const, path, value, prevIndex: BigInt(node.modified) }];
  }

  #kept(name: string): Kept<User> {
    const kept = this.#mirror.get(name.toLowerCase());
    if (kept === undefined) throw new Problem('not-found', 'There is no such user.', { hint: 'weir users list' });
    return kept;
  }

  #seconds(): number {
    return this.#clock.now() / 1000;
  }
}

const isAdmin = (user: User): boolean => user.role === 'admin' && !user.isDisabled;

const lastAdmin = (name: string): Problem =>
  new Problem('conflict', `${name} is the last administrator.`, {
    hint: 'make somebody else administrator first: weir users role NAME admin',
  });

const changedMeanwhile = (name: string): Problem =>
  new Problem('precondition-failed', `${name} was changed meanwhile.`, { hint: 'read the user again and repeat with its new ETag' });
