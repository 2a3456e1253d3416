import type { FastifyReply } from 'fastify';

/** Adds names to the header `Vary` of an answer (RFC 9110 section 12.5.5); those that are there stay. */
export function addVary(reply: FastifyReply, names: readonly string[]): void {
  const there = String(reply.getHeader('vary') ?? '');
  const known = new Set(there.toLowerCase().split(/\s*,\s*/));
  if (known.has('*')) return;
  const missing = names.filter((name) => !known.has(name.toLowerCase()));
  if (missing.length > 0) reply.header('vary', [there, ...missing].filter((name) => name !== '').join(', '));
}
