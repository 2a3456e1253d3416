/**
 * JSON as etcd's v2 answers write it (spec: Go's encoding/json with HTML escapes). Input and output are binary strings,
 * one character for one octet, so that an answer is put together without decoding and encoding anything.
 */
import { isUtf8 } from 'node:buffer';

// Printable ASCII without the characters that have an escape: nearly all text, and what a regular expression passes at once.
const plain = /^[ !#-%'-;=?-[\]-\x7f]*$/;

/** A JSON string, quotes included, of the octets that a binary string stands for. */
export function quote(octets: string): string {
  return plain.test(octets) ? `"${octets}"` : `"${escapeText(octets)}"`;
}

const escapes = new Map<number, string>([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
]);
for (let code = 0; code < 0x20; code++) if (!escapes.has(code)) escapes.set(code, `\\u${code.toString(16).padStart(4, '0')}`);
// `<`, `>` and `&` are escaped so that a page that shows the answer runs nothing.
for (const code of [0x3c, 0x3e, 0x26]) escapes.set(code, `\\u00${code.toString(16)}`);

function escapeText(octets: string): string {
  const isValid = isUtf8(Buffer.from(octets, 'latin1'));
  let text = '';
  let from = 0;
  for (let at = 0; at < octets.length; ) {
    const code = octets.charCodeAt(at);
    const length = code < 0x80 ? 1 : isValid ? lengthOf(code) : validLength(octets, at);
    const written = code < 0x80 ? escapes.get(code) : length === 0 ? '\\ufffd' : separatorEscape(octets, at);
    if (written !== undefined) {
      text += octets.slice(from, at) + written;
      from = at + Math.max(1, length);
    }
    at += Math.max(1, length);
  }
  return text + octets.slice(from);
}

/** Octets of the character that begins with this octet of valid UTF-8. */
const lengthOf = (lead: number): number => (lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** Octets of the character at an offset, 0 when it is none (RFC 3629 section 4). Each bad octet counts for itself, as in Go. */
function validLength(octets: string, at: number): number {
  const lead = octets.charCodeAt(at);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lengthOf(lead);
  const second = octets.charCodeAt(at + 1);
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (!(second >= lowest && second <= highest)) return 0;
  for (let more = 2; more < length; more++) if ((octets.charCodeAt(at + more) & 0xc0) !== 0x80) return 0;
  return at + length <= octets.length ? length : 0;
}

// U+2028 and U+2029 end a line in old JavaScript.
function separatorEscape(octets: string, at: number): string | undefined {
  if (octets.charCodeAt(at) !== 0xe2 || octets.charCodeAt(at + 1) !== 0x80) return undefined;
  const last = octets.charCodeAt(at + 2);
  return last === 0xa8 ? '\\u2028' : last === 0xa9 ? '\\u2029' : undefined;
}
