import type { FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';
import { longestName } from './content.ts';
import type { Actor, Via } from './ticket.ts';

/** Where a client says whose request it is, percent-encoded. It counts only where nobody has to log in: a note, not a proof. */
const userHeader = 'x-weir-user';

/** Who sends a request: whoever logged in, else as far as it says. */
export function actorOf(request: FastifyRequest & { caller?: KnownCaller }, via: Via): Actor {
  const { headers, caller } = request;
  if (caller !== undefined && caller.proof !== 'open' && caller.proof !== 'anonymous') return { by: caller.name, via };
  const header = headers[userHeader];
  return { by: typeof header === 'string' && header.trim() !== '' ? readName(header) : null, via };
}

/** What a guard of the server knows about the sender of a request, where there is one. */
type KnownCaller = { readonly name: string; readonly proof: string };

function readName(header: string): string {
  const name = decoded(header)?.trim();
  if (name !== undefined && [...name].length <= longestName && !/[\u0000-\u001f\u007f]/.test(name)) return name;
  throw new Problem('invalid', `The header ${userHeader} is no name.`, {
    detail: `expected at most ${longestName} characters of one line, percent-encoded`,
    pointer: userHeader,
  });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a lone %: told as a bad name
  }
}
