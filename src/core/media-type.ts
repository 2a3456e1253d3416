/** Which media type to answer with: the header Accept, as RFC 9110 section 12.5.1 defines it. */

/** One element of Accept: type and subtype in lower case (`*` = any), the parameters before `q`, and the weight, 0 to 1. */
type MediaRange = {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
};

/** More elements than this are not read: no client needs them, and each costs time. */
const mostRanges = 64;

/**
 * The media type of `offered` that Accept prefers, in the words of `offered`; among equals the first. Without the header,
 * or with one that has nothing readable in it, the first. Undefined where Accept excludes all of them.
 */
export const chooseMediaType = (accept: string | undefined, offered: readonly string[]): string | undefined => {
  const ranges = accept === undefined ? [] : parseAccept(accept);
  if (ranges.length === 0) return offered[0];
  let chosen: string | undefined;
  let best = 0;
  for (const offer of offered) {
    const quality = qualityOf(parseRange(offer), ranges);
    if (quality > best) {
      chosen = offer;
      best = quality;
    }
  }
  return chosen;
};

/** The weight that the most specific matching range gives, 0 where none matches. */
const qualityOf = (offer: MediaRange | undefined, ranges: readonly MediaRange[]): number => {
  let quality = 0;
  let best = -1;
  for (const range of ranges) {
    const specificity = offer === undefined ? -1 : specificityOf(range, offer);
    if (specificity > best) {
      best = specificity;
      quality = range.quality;
    }
  }
  return quality;
};

/** How closely a range names an offer: -1 not at all, 0 by `*`/`*`, 1 by its type, 2 by name, 3 and more with parameters. */
const specificityOf = (range: MediaRange, offer: MediaRange): number => {
  if (range.type === '*') return range.subtype === '*' ? 0 : -1;
  if (range.type !== offer.type) return -1;
  if (range.subtype === '*') return 1;
  if (range.subtype !== offer.subtype) return -1;
  for (const [name, value] of range.parameters) if (offer.parameters.get(name) !== value) return -1;
  return 2 + range.parameters.size;
};

const parseAccept = (accept: string): MediaRange[] =>
  splitOutsideQuotes(accept, ',')
    .slice(0, mostRanges)
    .map(parseRange)
    .filter((range) => range !== undefined);

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Undefined where it is none: what cannot be read is passed over, as if it were not there. */
const parseRange = (text: string): MediaRange | undefined => {
  const [name = '', ...rest] = splitOutsideQuotes(text, ';').map((part) => part.trim());
  const [type = '', subtype = '', more] = name.toLowerCase().split('/');
  if (!token.test(type) || !token.test(subtype) || more !== undefined) return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const equals = part.indexOf('=');
    const key = part.slice(0, equals < 0 ? undefined : equals).toLowerCase();
    const value = equals < 0 ? '' : unquoted(part.slice(equals + 1));
    if (key === 'q') {
      if (!/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(value)) return undefined;
      quality = Number(value);
      break; // RFC 9110 has no parameters behind q any more; those that older clients send say nothing of the type.
    }
    if (key !== '') parameters.set(key, value.toLowerCase());
  }
  return { type, subtype, parameters, quality };
};

const unquoted = (value: string): string =>
  value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;

const splitOutsideQuotes = (text: string, separator: string): string[] => {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (isQuoted && character === '\\') i++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
};
