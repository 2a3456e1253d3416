import type { IncomingMessage } from 'node:http';

/**
 * All fields of one name (lower case) as they came. Node's `headers` shows the first of two `Authorization` fields only, and
 * whoever looks at another one than the next program does can be fooled.
 */
export function headerFields(request: IncomingMessage, name: string): readonly string[] {
  const fields: string[] = [];
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] as string;
    if (field.length === name.length && field.toLowerCase() === name) fields.push(rawHeaders[at + 1] as string);
  }
  return fields;
}
