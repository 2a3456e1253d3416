import { Type } from 'typebox';

/** One thing that can be done next from here. `method` is absent for GET. */
const linkSchema = Type.Object({
  href: Type.String({ description: 'Where it is: a reference relative to this server.' }),
  title: Type.Optional(Type.String({ description: 'What it is, for a person.' })),
  method: Type.Optional(Type.String({ description: 'The method to use when it is not GET.' })),
});
export type Link = { href: string; title?: string; method?: string };

/** The links of an answer, by relation (`self`, `next`, `seal` ...). */
export const linksSchema = Type.Record(Type.String(), linkSchema, { description: 'What can be done from here, by relation.' });
export type Links = Record<string, Link>;

/**
 * The same links as a `Link` header (RFC 8288 section 3): `</api/v1/flows?page=2>; rel="next"`.
 * Only links that a GET follows belong there, since the header cannot name a method.
 */
export function linkHeader(links: Links): string {
  const parts: string[] = [];
  for (const [rel, { href, title, method }] of Object.entries(links)) {
    if (method !== undefined && method !== 'GET') continue;
    parts.push(`<${ascii(href)}>; rel="${rel}"${title === undefined ? '' : titleParameter(title)}`);
  }
  return parts.join(', ');
}

// Percent-encodes only what RFC 3986 does not allow as it stands, so that a reference that is already encoded stays the same.
function ascii(href: string): string {
  return href.toWellFormed().replace(/[^\x21-\x7e]|[<>"\\^`{|}]/gu, encodeURIComponent);
}

/** RFC 8288 section 3.4.1: plain ASCII is quoted, anything else uses the extended form of RFC 8187. */
function titleParameter(title: string): string {
  if (/^[\x20-\x7e]*$/.test(title)) return `; title="${title.replace(/["\\]/g, '\\$&')}"`;
  return `; title*=UTF-8''${encodeURIComponent(title).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}
