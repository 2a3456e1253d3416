/** Bytes as people write and read them: `\n`, `\x00`. */

const named: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, 0: 0, '\\': 0x5c };

/** The bytes of a text with `\n \r \t \0 \\ \xHH` in it, all else as UTF-8; undefined where a backslash means nothing. */
export function readEscapes(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\.|\\|[^\\]+/gs)) {
    if (!part.startsWith('\\')) bytes.push(...Buffer.from(part));
    else if (part.length === 4) bytes.push(Number.parseInt(part.slice(2), 16));
    else {
      const byte = named[part.slice(1)];
      if (byte === undefined || part.length !== 2) return undefined;
      bytes.push(byte);
    }
  }
  return Uint8Array.from(bytes);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a frame; undefined where it is no UTF-8. */
export function textOf(frame: Uint8Array): string | undefined {
  try {
    return utf8.decode(frame);
  } catch {
    return undefined;
  }
}

/** A frame for a terminal: its text, where everything that a terminal would obey, and what is no text, is written as `\xHH`. */
export function visible(frame: Uint8Array): string {
  const text = textOf(frame);
  if (text !== undefined)
    return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (mark) => Array.from(Buffer.from(mark), hex).join(''));
  return Array.from(frame, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : hex(byte))).join('');
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
