import type { BlockList } from 'node:net';
import type { Caller } from '../core/caller.ts';
import { roles } from '../core/http.ts';
import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';
import { isIn, networksOf } from './networks.ts';

/** Parts of the house that can be left open to networks on purpose. */
export const surfaces = ['etcd-v2', 'tickets', 'metrics'] as const;
export type Surface = (typeof surfaces)[number];

type Grant = { surface: Surface; caller: Caller; networks: BlockList };

const form = /^([a-z0-9-]+)=([a-z]+)@(\S+)$/;

/** What the setting `access.anonymous` grants. */
export class AnonymousGrants {
  readonly #grants: Grant[];

  /** Throws `invalid` on a line that is no `SURFACE=ROLE@NETWORK`. */
  constructor(lines: readonly string[]) {
    this.#grants = lines.map(grantOf);
  }

  /** Who a request without credentials is on a surface; undefined when it is nobody. */
  find(surface: string | undefined, address: string): Caller | undefined {
    if (surface === undefined) return undefined;
    return this.#grants.find((grant) => grant.surface === surface && isIn(grant.networks, address))?.caller;
  }
}

function grantOf(line: string): Grant {
  const [, surface = '', role = '', network = ''] = form.exec(line) ?? [];
  const knownSurface = surfaces.find((known) => known === surface);
  const knownRole = roles.find((known) => known === role);
  if (knownSurface === undefined || knownRole === undefined || knownRole === 'open') {
    const likely = nearest(surface, surfaces);
    throw new Problem('invalid', `${JSON.stringify(line)} grants nothing.`, {
      detail: `expected SURFACE=ROLE@NETWORK with a surface of ${surfaces.join(', ')} and a role of viewer, operator, admin`,
      ...(likely !== undefined && likely !== surface && { hint: `did you mean ${likely}?` }),
      pointer: 'access.anonymous',
    });
  }
  return {
    surface: knownSurface,
    caller: { name: 'anonymous', role: knownRole, proof: 'anonymous' },
    networks: networksOf([network], 'access.anonymous'),
  };
}
