/** Things that take time to open, given in order, while the next ones are being opened already. */
export class ReadAhead<Plan, Opened> {
  readonly #plans: readonly Plan[];
  readonly #open: (plan: Plan) => Promise<Opened>;
  readonly #opening: Promise<Opened>[] = [];
  #next = 0;

  constructor(plans: readonly Plan[], open: (plan: Plan) => Promise<Opened>) {
    this.#plans = plans;
    this.#open = open;
  }

  /** The next one, or undefined after the last. */
  async next(): Promise<Opened | undefined> {
    this.prepare(1, () => true);
    return await this.#opening.shift();
  }

  /** Sees to it that `count` are opened or being opened, as far as they may. */
  prepare(count: number, may: (plan: Plan) => boolean): void {
    while (this.#opening.length < count && this.#next < this.#plans.length) {
      const plan = this.#plans[this.#next] as Plan;
      if (!may(plan)) return;
      this.#next++;
      const opening = this.#open(plan);
      opening.catch(() => undefined); // told when its turn comes
      this.#opening.push(opening);
    }
  }
}
