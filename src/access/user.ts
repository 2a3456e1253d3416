import type { Role } from '../core/http.ts';
import { Problem } from '../core/problem.ts';

/** A user as the key tree keeps him. The hash never leaves the room. */
export type User = {
  /** As it was registered; compared without case. */
  name: string;
  role: Exclude<Role, 'open'>;
  /** A person logs in with a password; a service has personal tokens only. */
  kind: 'person' | 'service';
  /** argon2id as a PHC string; absent for a service. */
  password?: string;
  /** Set when somebody else chose the password: until he chooses his own he may do nothing but that. */
  mustChangePassword: boolean;
  isDisabled: boolean;
  /** Tokens issued before this moment (seconds since the epoch) are refused. */
  tokensNotBefore: number;
  /** SHA-256 fingerprints (lower-case hex) of client certificates that stand for him. */
  certificates: string[];
  createdAt: string;
  createdBy: string;
  updatedAt: string;
};

/** A user as others may see him. */
export type ShownUser = Omit<User, 'password' | 'tokensNotBefore'> & { lockedUntil?: string };

const userName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The key under which a name is kept; throws when it is no user name. */
export function userKey(name: string): string {
  if (!userName.test(name)) {
    throw new Problem('invalid', 'That is no user name.', {
      detail: 'expected a letter or digit, then up to 63 letters, digits, dots, dashes or underscores',
      pointer: '/name',
    });
  }
  return name.toLowerCase();
}
