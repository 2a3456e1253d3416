import type { Catalog } from './catalog.ts';

/** Ids of flows and of the imports that bring them. Those that a failed import has taken are given back once no other import is open. */
export class Ids {
  readonly #catalog: Catalog;
  #next = 1;
  #committedNext = 1;
  #nextSource = 1;
  #openImports = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Goes on behind what the catalog has; `highest` is the highest id of a flow that is there. */
  async recover(highest: number): Promise<void> {
    this.#committedNext = Math.max(await this.#catalog.counter('next_id'), highest + 1);
    this.#next = this.#committedNext;
    const sources = await this.#catalog.sources();
    this.#nextSource = (sources.at(-1)?.id ?? 0) + 1;
  }

  /** Begins an import: its id. */
  takeSource(): number {
    this.#openImports++;
    return this.#nextSource++;
  }

  /** Begins to take ids for a source that is there already; `endImport` ends that as well. */
  hold(): void {
    this.#openImports++;
  }

  /** Takes `count` ids of flows and answers the first. */
  reserve(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }

  /** Keeps reserved ids, to be called within the transaction that makes them visible; what it returns, once that is durable. */
  async keep(): Promise<() => void> {
    const next = this.#next;
    await this.#catalog.setCounter('next_id', next);
    return () => {
      this.#committedNext = Math.max(this.#committedNext, next);
    };
  }

  /** Ends an import. */
  endImport(): void {
    this.#openImports--;
    if (this.#openImports === 0) this.#next = this.#committedNext;
  }
}
