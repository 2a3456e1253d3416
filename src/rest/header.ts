/** Headers of a request as a person types them, and those of an answer as they came. */
import { Problem } from '../core/problem.ts';

/** Names in lower case. */
export type Headers = Record<string, string>;

/** Reads lines such as `Accept: text/csv`. Throws Problem('invalid'). */
export function parseHeaders(lines: readonly string[]): Headers {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new Problem('invalid', `--header ${line} is no header`, { hint: "--header 'Name: value'" });
      return [name.toLowerCase(), value];
    }),
  );
}

/** The bare media type of a `content-type`: `application/json`, in lower case. */
export const mediaTypeOf = (headers: Headers): string => (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();

/** True for JSON and for everything whose type ends in `+json`. */
export const isJson = (headers: Headers): boolean => /^(application|text)\/(.+\+)?json$/.test(mediaTypeOf(headers));

// Parameters may be tokens or quoted strings that hold commas and angle brackets of their own.
const linkValue = /<([^>]*)>((?:\s*;\s*[\w!#$%&'*+.^`|~-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)\s*(?:,|$)/g;

/** The target of a relation in a `Link` header (RFC 8288 section 3), as it stands there; undefined when it is not there. */
export function linkTarget(header: string | undefined, relation: string): string | undefined {
  for (const [, target, parameters = ''] of (header ?? '').matchAll(linkValue)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))/i.exec(parameters);
    const words = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/);
    if (words.includes(relation)) return target;
  }
  return undefined;
}
