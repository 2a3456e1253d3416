/** What happens in a session, told as it comes. */
import type { SentEvent } from '../core/event-stream.ts';
import type { LiveEvent } from './live-events.ts';
import type { LiveSession } from './live-session.ts';
import { isOver } from './session.ts';
import { isDone, type Statement } from './statement.ts';

/** A reader that is slower than this many events loses the eldest of them: what a statement prints has no end. */
const mostWaiting = 10_000;

/** What a statement has printed, prints and how far it is; ends with it. Its output is to be fetched then. */
export async function* followStatement(live: LiveSession, statement: Statement, signal: AbortSignal): AsyncGenerator<SentEvent> {
  const feed = new Feed(live, signal);
  let number = 0;
  const shown = () => ({
    id: statement.id,
    state: statement.state,
    progress: statement.progress,
    ...(statement.stages && { stages: statement.stages }),
  });
  try {
    yield { id: number++, event: 'statement', data: shown() };
    for (const { stream, text } of live.printedOf(statement.id)) yield { id: number++, event: 'printed', data: { stream, text } };
    if (isDone(statement)) return;
    for await (const event of feed.events()) {
      if (event.event === 'printed' && event.id === statement.id)
        yield { id: number++, event: 'printed', data: { stream: event.stream, text: event.text } };
      if (event.event !== 'statement' && event.event !== 'progress') continue;
      if (event.statement.id !== statement.id) continue;
      yield { id: number++, event: event.event, data: shown() };
      if (isDone(statement)) return;
    }
  } finally {
    feed.close();
  }
}

/** How a session and its statements stand, and each change; ends with the session. */
export async function* followSession(live: LiveSession, signal: AbortSignal): AsyncGenerator<SentEvent> {
  const feed = new Feed(live, signal);
  let number = 0;
  try {
    yield { id: number++, event: 'state', data: { state: live.state } };
    if (isOver(live.state)) return;
    for await (const event of feed.events()) {
      if (event.event === 'state') yield { id: number++, event: 'state', data: { state: event.state } };
      if (event.event === 'statement') {
        const { id, state, progress } = event.statement;
        yield { id: number++, event: 'statement', data: { id, state, progress } };
      }
      if (event.event === 'state' && isOver(event.state)) return;
    }
  } finally {
    feed.close();
  }
}

/** The events of a session from its making on, kept while the reader is busy. */
class Feed {
  readonly #waiting: LiveEvent[] = [];
  readonly #signal: AbortSignal;
  readonly #unwatch: () => void;
  #wake: (() => void) | undefined;

  constructor(live: LiveSession, signal: AbortSignal) {
    this.#signal = signal;
    this.#unwatch = live.events.watch((event) => {
      this.#waiting.push(event);
      if (this.#waiting.length > mostWaiting) this.#waiting.shift();
      this.#wake?.();
    });
    signal.addEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#wake?.();

  async *events(): AsyncGenerator<LiveEvent> {
    while (!this.#signal.aborted) {
      const event = this.#waiting.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  close(): void {
    this.#unwatch();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
