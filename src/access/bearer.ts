import { Problem } from '../core/problem.ts';

/**
 * The token of a request's `Authorization` fields, as they came: `Bearer TOKEN` (RFC 6750), or `Bearer:TOKEN` with a colon
 * and no blank, as Accelerator's clients send it. Undefined when there is none; everything else is refused.
 */
export function bearerOf(fields: readonly string[]): string | undefined {
  if (fields.length === 0) return undefined;
  if (fields.length > 1) throw malformed('the request has more than one Authorization field');
  const [field = ''] = fields;
  const match = /^bearer(?: +|:)([A-Za-z0-9._~+/-]+=*)$/i.exec(field);
  if (match === null) throw malformed('expected Authorization: Bearer TOKEN');
  return match[1];
}

const malformed = (detail: string): Problem =>
  new Problem('invalid', 'The Authorization of this request cannot be read.', { detail, pointer: 'authorization' });
