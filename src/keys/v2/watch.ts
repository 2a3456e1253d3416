/** A GET with `wait=true`: what it is answered, and when. */
import type { KeyEngine } from '../engine.ts';
import type { Path } from '../tree/path.ts';
import { isRemembered, type WatchHub } from '../watch/hub.ts';
import { Occasion } from '../watch/occasion.ts';
import type { Watcher } from '../watch/watcher.ts';
import { V2Error } from './errors.ts';
import { changeText } from './node-text.ts';
import type { Parameters } from './parameters.ts';

/** Where the events of a watch go. */
export type WatchSink = {
  /** An event, to be told by one of the tellers here; `isLast` when the answer ends with it. */
  event(occasion: Occasion, isLast: boolean): void;
  /** The answer breaks off: clients take that as a reason to come back. */
  end(reason: string): void;
};

/** A watch under way. */
export type OpenWatch = {
  /** The tree's index when the watch began, for the headers. */
  readonly index: number;
  /** Lets events flow into the sink; to be called when the headers are out. */
  flow(sink: WatchSink): void;
  /** The client went. */
  close(): void;
};

/** The line that tells of a change. */
export const tellLine = ({ change, at }: Occasion): Buffer => Buffer.from(changeText(change, at), 'latin1');

/** The same as a chunk of a body (RFC 9112 section 7.1). */
export function tellChunk(occasion: Occasion): Buffer {
  const line = occasion.bytes(tellLine);
  return Buffer.concat([Buffer.from(`${line.length.toString(16)}\r\n`), line, Buffer.from('\r\n')]);
}

/** The same as a chunk with which the body ends. */
export const tellLastChunk = (occasion: Occasion): Buffer => Buffer.concat([occasion.bytes(tellChunk), Buffer.from('0\r\n\r\n')]);

/** Index of the first write in a fresh store: what is not kept from there on was cleared, what never was, was not. */
const firstIndex = 4;

/** Events that a watcher may be behind before it is dropped: etcd's buffer. */
export const watcherBacklog = 100;

/** Begins a watch. Fails with V2Error 401, or with the tree's faults. */
export async function openWatch(
  { hub, engine, now }: { hub: WatchHub; engine: KeyEngine; now(): number },
  path: Path,
  given: Parameters,
): Promise<OpenWatch> {
  const watch = new Watch(given.isRecursive, given.isStream);
  const followed = hub.index;
  // It is in place before anything is asked, so that no change falls between.
  watch.close = hub.add(path, watch);
  try {
    watch.index = Math.max(followed, await hub.look(path));
    watch.since = watch.index + 1;
    if (given.waitIndex === 0n) return watch;
    const asked = Number(given.waitIndex);
    if (asked > watch.index) {
      watch.since = asked;
      return watch;
    }
    const { index, oldest, changes } = await engine.history('public', asked);
    if (asked < oldest && oldest > firstIndex)
      throw new V2Error(401, `the requested history has been cleared [${oldest}/${given.waitIndex}]`, index);
    const found = changes.find((change) => change.index <= watch.index && isRemembered(change, path, given.isRecursive));
    if (found === undefined) return watch;
    watch.close();
    watch.answer(new Occasion(found, hub.arrivalOf(found.index) ?? now()));
    return watch;
  } catch (error) {
    watch.close();
    throw error;
  }
}

class Watch implements Watcher, OpenWatch {
  readonly isRecursive: boolean;
  // Not known before the tree was looked at; everything that comes meanwhile is gathered.
  since = 0;
  index = 0;
  close: () => void = () => {};
  readonly #wantsStream: boolean;
  #sink: WatchSink | undefined;
  #gathered: Occasion[] = [];
  #ended: string | undefined;

  constructor(isRecursive: boolean, wantsStream: boolean) {
    this.isRecursive = isRecursive;
    this.#wantsStream = wantsStream;
  }

  // While it gathers it must not be removed for a change that turns out to be of no interest.
  get isStream(): boolean {
    return this.#wantsStream || this.#sink === undefined;
  }

  deliver(occasion: Occasion): void {
    if (this.#sink !== undefined) this.#sink.event(occasion, !this.#wantsStream);
    else if (this.#gathered.length < watcherBacklog) this.#gathered.push(occasion);
    else this.end('too far behind');
  }

  end(reason: string): void {
    this.#ended = reason;
    this.close();
    this.#sink?.end(reason);
  }

  /** The past has the answer: one event, and a stream gets nothing more, ever, as etcd has it. */
  answer(occasion: Occasion): void {
    this.#gathered = [occasion];
    this.since = 0;
  }

  flow(sink: WatchSink): void {
    this.#sink = sink;
    const gathered = this.#gathered.filter(({ change }) => change.index >= this.since);
    this.#gathered = [];
    for (const occasion of this.#wantsStream ? gathered : gathered.slice(0, 1)) {
      if (!this.#wantsStream) this.close();
      this.deliver(occasion);
    }
    if (this.#ended !== undefined) sink.end(this.#ended);
  }
}
