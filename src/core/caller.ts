import type { Role } from './http.ts';

/** How somebody proved who he is. */
export type Proof =
  /** Nothing to prove: no user exists yet, and the request comes from this machine. */
  | 'open'
  /** A surface that the configuration leaves open to his network. */
  | 'anonymous'
  | 'token'
  | 'personal-token'
  | 'certificate';

/** Who sends a request, and what he may do. */
export type Caller = {
  /** The user's name as it was registered; `local` or `anonymous` where nobody needs one. */
  readonly name: string;
  readonly role: Exclude<Role, 'open'>;
  readonly proof: Proof;
  /** Id of the token (`jti`, or the personal token's id), for logs and revocation; never the token. */
  readonly tokenId?: string;
  /** Where the request comes from, past trusted proxies, and its id: for the audit log. Absent where no request asks. */
  readonly address?: string;
  readonly requestId?: string;
};

const ranks: Record<Role, number> = { open: 0, viewer: 1, operator: 2, admin: 3 };

/** True when a role is enough for what asks for `needed`. */
export const isEnough = (role: Role, needed: Role): boolean => ranks[role] >= ranks[needed];

/** The lower of two roles. */
export const lowerRole = <R extends Role>(one: R, other: R): R => (ranks[one] <= ranks[other] ? one : other);
