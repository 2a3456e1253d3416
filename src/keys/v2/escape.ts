/** Percent escapes of targets and forms (Go's net/url), on binary strings: one character for one octet. */

/** What an escape turned out to be that is none; `text` is the `%` and up to two characters behind it. */
export class BadEscape {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A path as it was meant; `+` is a plus. */
export const unescapePath = (text: string): string | BadEscape => (text.includes('%') ? unescapeAll(text) : text);

/** A name or value of a form; `+` is a space. */
export function unescapeForm(text: string): string | BadEscape {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return spaced.includes('%') ? unescapeAll(spaced) : spaced;
}

function unescapeAll(text: string): string | BadEscape {
  let bad: BadEscape | undefined;
  const octets = text.replace(/%([0-9a-fA-F]{2})?/g, (_escape, digits: string | undefined, at: number) => {
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
    bad ??= new BadEscape(text.slice(at, at + 3));
    return '';
  });
  return bad ?? octets;
}

/** A path as it goes into a `Location`: what Go leaves alone there, the rest escaped. */
export const escapePath = (path: string): string =>
  path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** Text between quotes as Go prints it (`%q`): what cannot be printed becomes an escape. */
export function quoteGo(text: string): string {
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  const isValid = !decoded.includes('\ufffd');
  const escaped = text.replace(/[\\"]/g, (mark) => `\\${mark}`).replace(/[^ -~]/g, (octet) => goEscape(octet, isValid));
  return `"${escaped}"`;
}

const named: Record<string, string> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };
const goEscape = (octet: string, isValid: boolean): string =>
  isValid && octet >= '\x80' ? octet : (named[octet] ?? `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`);
