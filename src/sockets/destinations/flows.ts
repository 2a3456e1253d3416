import { Problem } from '../../core/problem.ts';
import type { Frame } from '../frame.ts';
import { textOf } from '../framing/escapes.ts';
import type { Delivery, Destination } from '../outlet.ts';
import type { House } from './house.ts';

/** Connections whose heads are remembered; those that were silent longest are forgotten. */
const mostHeads = 1000;
const lineFeed = Uint8Array.of(10);

/**
 * Frames are lines of a flow file (any that an import takes as text: Weir's own CSV or NDJSON, LANL). What comes within two seconds, or
 * fills a batch, is one import for each connection. The head of a CSV goes before each.
 */
export class FlowsDestination implements Destination {
  readonly lingerMs = 2000;
  readonly #house: House;
  readonly #name: string;
  readonly #heads = new Map<number, Frame | undefined>();

  constructor(house: House, name: string) {
    this.#house = house;
    this.#name = name;
  }

  async deliver(frames: readonly Frame[]): Promise<Delivery> {
    const sum: Delivery = { refused: 0 };
    for (const lines of Map.groupBy(frames, ({ connection }) => connection).values()) await this.#import(lines, sum);
    return sum;
  }

  async close(): Promise<void> {}

  async #import(lines: readonly Frame[], sum: Delivery): Promise<void> {
    const head = this.#headOf(lines[0] as Frame);
    const rows = lines.filter((line) => line !== head);
    if (rows.length === 0) return;
    const text = Buffer.concat((head === undefined ? rows : [head, ...rows]).flatMap(({ bytes }) => [bytes, lineFeed]));
    try {
      sum.refused += (await this.#house.importFlows(this.#name, text)).refused;
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'unavailable' || error.code === 'exhausted') throw error;
      sum.refused += rows.length;
      sum.reason ??= error.message;
    }
  }

  /** The first line of a connection when it names columns: then it has no digit at the start of a field, and is no JSON. */
  #headOf(first: Frame): Frame | undefined {
    const { connection } = first;
    if (connection === 0) return undefined;
    if (!this.#heads.has(connection)) {
      const isHead = /^[a-z_]+(,[a-z_0-9]+)+\r?$/.test(textOf(first.bytes) ?? '');
      this.#heads.set(connection, isHead ? first : undefined);
      if (this.#heads.size > mostHeads) this.#heads.delete(this.#heads.keys().next().value as number);
    }
    return this.#heads.get(connection);
  }
}
