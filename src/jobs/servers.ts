import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Mirror, type Tree } from '../keys/index.ts';

/** What a server says of itself, again and again: `/jobs/servers/NAME`. */
type Word = { host: string };

export type ServersDependencies = {
  tree: Tree;
  clock: Clock;
  log: Log;
  /** Silence after which a server is given up, in milliseconds. */
  lostAfterMs: number;
};

/** Words in the time after which a server is given up; three in a row may be missed before it counts as silent. */
const wordsEach = 10;
const mayMiss = 3;

/**
 * Which of the servers that share a tree are there. A server is lost when another has not heard of it for `jobs.lostAfter`, and got its own words
 * through to the tree all that time: whoever was asleep or cut off itself waits anew before it judges.
 */
export class Servers {
  readonly #deps: ServersDependencies;
  readonly #words: Mirror<Word>;
  /** When we last heard of each, by our clock, and the index of that word. */
  readonly #heard = new Map<string, { at: number; index: number }>();
  #own = '';
  /** Since when our words got through without a gap, and when the last one did. */
  #soundSince = 0;
  #lastSaid = Number.NEGATIVE_INFINITY;
  #isSaying = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ServersDependencies) {
    this.#deps = deps;
    this.#words = new Mirror(deps.tree, '/jobs/servers');
  }

  /** Speaks up under a name from now on; `onWord` is called each time that it was heard. */
  async start(own: string, onWord: () => void): Promise<void> {
    this.#own = own;
    this.#words.onChange(() => this.#listen());
    await this.#words.start();
    this.#listen();
    const say = () => void this.#say().then((isHeard) => isHeard && onWord());
    this.#timer = setInterval(say, this.#everyMs).unref();
    say();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#words.stop();
  }

  isLost(server: string): boolean {
    const now = this.#deps.clock.now();
    const isSound = now - this.#lastSaid <= mayMiss * this.#everyMs;
    return isSound && now - Math.max(this.#soundSince, this.#heardAt(server)) > this.#deps.lostAfterMs;
  }

  /** Milliseconds that a server has been silent; 0 while its words come as they should. */
  silenceOf(server: string): number {
    const silence = this.#deps.clock.now() - this.#heardAt(server);
    return silence > mayMiss * this.#everyMs ? silence : 0;
  }

  get #everyMs(): number {
    return this.#deps.lostAfterMs / wordsEach;
  }

  // Of one that we have never heard we have been waiting since we listen.
  #heardAt(server: string): number {
    return this.#heard.get(server)?.at ?? this.#soundSince;
  }

  #listen(): void {
    const at = this.#deps.clock.now();
    for (const [server, { index }] of this.#words.entries())
      if (this.#heard.get(server)?.index !== index) this.#heard.set(server, { at, index });
  }

  async #say(): Promise<boolean> {
    if (this.#isSaying) return false;
    this.#isSaying = true;
    try {
      await this.#words.set(this.#own, { host: hostname() }, 2 * this.#deps.lostAfterMs);
      const now = this.#deps.clock.now();
      if (now - this.#lastSaid > mayMiss * this.#everyMs) this.#soundSince = now;
      this.#lastSaid = now;
      return true;
    } catch (error) {
      this.#deps.log.debug({ err: error }, 'this server could not say that it is there');
      return false;
    } finally {
      this.#isSaying = false;
    }
  }
}
