/** How HTTP/1.x is told by its first octets: a token, a blank, a target and `HTTP/1.x`, or `HTTP/1.x` and a status (RFC 9112). */

/** Octets that the first line of a message may have. */
const longestLine = 8192;

/** Characters of a token (RFC 9110 section 5.6.2). */
const token = new Uint8Array(256);
for (const letter of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") token[letter.charCodeAt(0)] = 1;

/** Octets of a method: the longest registered one has 17. */
const longestMethod = 24;

/** `HTTP` and `/1.`, as two big-endian reads see them. */
const httpWord = 0x4854_5450;
const versionWord = 0x2f31_2e;

/** Whether the octets of `[start, end)` begin with the first line of a message; its end may be missing only if the version is there. */
export function isHttpStart(view: DataView, start: number, end: number): boolean {
  return isStatusLine(view, start, end) || isRequestLine(view, start, end);
}

/** `HTTP/1.1 200 OK` */
export function isStatusLine(view: DataView, start: number, end: number): boolean {
  if (end - start < 12 || view.getUint32(start) !== httpWord || view.getUint32(start + 4) >>> 8 !== versionWord) return false;
  if (!isDigit(view.getUint8(start + 7)) || view.getUint8(start + 8) !== 32) return false;
  return isDigit(view.getUint8(start + 9)) && isDigit(view.getUint8(start + 10)) && isDigit(view.getUint8(start + 11));
}

/** `GET /path HTTP/1.1` */
export function isRequestLine(view: DataView, start: number, end: number): boolean {
  const methodMost = Math.min(end, start + longestMethod);
  let at = start;
  while (at < methodMost && token[view.getUint8(at)] === 1) at++;
  if (at === start || at >= methodMost || view.getUint8(at) !== 32) return false;
  const lineMost = Math.min(end, start + longestLine);
  // A target has no blank and no control character.
  const target = ++at;
  while (at < lineMost && view.getUint8(at) > 32 && view.getUint8(at) !== 127) at++;
  if (at === target || lineMost - at < 9 || view.getUint8(at) !== 32) return false;
  return view.getUint32(at + 1) === httpWord && view.getUint32(at + 5) >>> 8 === versionWord && isDigit(view.getUint8(at + 8));
}

const isDigit = (octet: number): boolean => octet >= 48 && octet <= 57;
