import { Problem } from '../core/problem.ts';

/** One server-sent event (WHATWG HTML, section 9.2): `data` lines are joined by a line feed. */
export type ServerEvent = { event: string; data: string; id: string | undefined };

// A line this long is no event of ours; reading on would let a broken server fill the memory.
const longestLine = 1 << 20;

/** Reads server-sent events from the blocks of an answer; comments and unknown fields are passed over. */
export async function* readEvents(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let event = 'message';
  let data: string[] = [];
  let id: string | undefined;
  for await (const line of readLines(blocks)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n'), id };
      event = 'message';
      data = [];
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) as unknown as [string, string, string];
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  }
}

// Lines end in LF, CRLF or CR; a CR at the end of a block may be half of a CRLF, so it waits for the next block.
async function* readLines(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const block of blocks) {
    rest += decoder.decode(block, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() as string;
    if (rest.length > longestLine) throw new Problem('internal', 'the server sent an event line longer than 1 MiB');
    yield* lines;
  }
}
