/**
 * Access as commands see it: one port with two implementations, a server over HTTP (`remote.ts`) and a data directory that
 * no server holds (`local.ts`, which alone loads the key store). Shapes are those of the wire.
 */
import type { ShownToken } from './routes/tokens.ts';
import type { ShownAccount } from './routes/users.ts';
import type { User } from './user.ts';

export type { ShownAccount, ShownToken };

export type AccountWish = { name: string; role: User['role']; password?: string; must_change_password?: boolean };
export type AccountChange = { role?: User['role']; is_disabled?: boolean };
export type PasswordChange = { password: string; current_password?: string; must_change_password?: boolean };
export type TokenWish = { title: string; role?: User['role']; days?: number; user?: string };

/** Which lines of the audit log are wanted. */
export type AuditQuery = { limit: number; actor?: string; action?: string; outcome?: 'ok' | 'refused' | 'failed'; since?: string };

/** Everything the commands ask. Every method throws Problem. */
export type AccessPort = {
  users(): Promise<ShownAccount[]>;
  user(name: string): Promise<ShownAccount>;
  addUser(wish: AccountWish): Promise<ShownAccount>;
  changeUser(name: string, change: AccountChange): Promise<ShownAccount>;
  setPassword(name: string, change: PasswordChange): Promise<void>;
  unlock(name: string): Promise<void>;
  endLogins(name: string): Promise<void>;
  removeUser(name: string): Promise<void>;
  /** Those of a user; without a name one's own. */
  tokens(user: string | undefined): Promise<ShownToken[]>;
  addToken(wish: TokenWish): Promise<ShownToken & { token: string }>;
  rotateToken(id: string): Promise<ShownToken & { token: string }>;
  removeToken(id: string): Promise<void>;
  rotateKeys(atOnce: boolean): Promise<void>;
  /** The latest first. */
  audit(query: AuditQuery): Promise<ShownLine[]>;
  checkAudit(): Promise<{ lines: number; breaks: { file: string; line: number; reason: string }[] }>;
  close(): Promise<void>;
};

/** A line of the audit log. */
export type ShownLine = {
  time: string;
  actor: string;
  address: string;
  action: string;
  target?: string;
  outcome: string;
  requestId?: string;
  note?: string;
  before: string;
};
