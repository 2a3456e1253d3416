/** Milliseconds between two looks at everybody: tokens also end by themselves, and nobody tells. */
const round = 5000;

/** Somebody who has been let in and is still being answered: an event stream, a watch, a long download or upload. */
export type Stay = {
  /** Asked again and again: whether he would still be let in now. */
  mayStay(): boolean | Promise<boolean>;
  /** Called once, when he would not. */
  leave(): void;
};

/**
 * Those who are in the house right now. What was decided at the door holds for a request of some milliseconds, but not for one of
 * hours: after each change of users, tokens and keys, and every five seconds, everybody is looked at again.
 */
export class Stays {
  readonly #here = new Set<Stay>();
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;

  start(): void {
    this.#timer = setInterval(() => this.review(), round).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes note of somebody; he goes by the function that comes back. */
  enter(stay: Stay): () => void {
    this.#here.add(stay);
    return () => this.#here.delete(stay);
  }

  /** Looks at everybody before long; many changes at once are one look. */
  readonly reviewSoon = (): void => {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.review();
    });
  };

  /** Looks at everybody, and sends away who would not be let in any more. */
  review(): void {
    for (const stay of this.#here) {
      const verdict = stay.mayStay();
      if (verdict instanceof Promise) void verdict.then((mayStay) => mayStay || this.#end(stay));
      else if (!verdict) this.#end(stay);
    }
  }

  #end(stay: Stay): void {
    if (this.#here.delete(stay)) stay.leave();
  }
}
