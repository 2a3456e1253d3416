/** One server-sent event; `data` is what its JSON says. */
export type WeirEvent = { id: string | undefined; event: string; data: unknown };

/** Lines longer than this are nobody's event. */
const longest = 16 * 1024 * 1024;

/** Reads `text/event-stream` (HTML, section 9.2). What is not yet ended by an empty line when the stream ends is dropped. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<WeirEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = fresh();
  for await (const block of body) {
    const lines = (rest + decoder.decode(block, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() as string;
    if (rest.length > longest) throw new Error('an event is longer than 16 MiB');
    for (const line of lines) {
      if (line !== '') take(event, line);
      else {
        if (event.data.length > 0) yield { id: event.id, event: event.name, data: JSON.parse(event.data.join('\n')) as unknown };
        event = { ...fresh(), id: event.id };
      }
    }
  }
}

type Gathered = { id: string | undefined; name: string; data: string[] };
const fresh = (): Gathered => ({ id: undefined, name: 'message', data: [] });

function take(event: Gathered, line: string): void {
  const at = line.indexOf(':');
  if (at === 0) return; // a comment, which keeps the connection alive
  const field = at < 0 ? line : line.slice(0, at);
  const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
  if (field === 'data') event.data.push(value);
  else if (field === 'event') event.name = value;
  else if (field === 'id') event.id = value;
}
