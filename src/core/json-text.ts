/**
 * Indents JSON text by two spaces a level and ends it with a newline, for people. It works on the text and not on the
 * values, so that numbers keep every digit. The text must be valid JSON; empty objects and arrays stay on one line.
 */
export function indentJson(text: string): string {
  let out = '';
  let depth = 0;
  let from = 0;
  const newline = () => `\n${'  '.repeat(depth)}`;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at];
    if (mark === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (mark === '{' || mark === '[') {
      if (isClosing(text[at + 1])) {
        at += 1;
        continue;
      }
      depth += 1;
      out += text.slice(from, at + 1) + newline();
    } else if (isClosing(mark)) {
      depth -= 1;
      out += text.slice(from, at) + newline() + mark;
    } else if (mark === ',') {
      out += `${text.slice(from, at)},${newline()}`;
    } else if (mark === ':') {
      out += `${text.slice(from, at)}: `;
    } else {
      continue;
    }
    from = at + 1;
  }
  return `${out}${text.slice(from)}\n`;
}

const isClosing = (mark: string | undefined): boolean => mark === '}' || mark === ']';

/** The index of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
