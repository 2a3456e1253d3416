/** A part that is being encoded somewhere: its blocks wait here until it is their turn. */
import type { CallContext, Release } from '../../core/thread.ts';
import type { PlainEncoders } from './plain-encoders.ts';
import type { PlainPart } from './plain-encoding.ts';

type Waiting = { block: Uint8Array<ArrayBuffer>; release: Release };

export class PlainRun {
  /** Resolves to the rows when all of them have come; never rejects before somebody asks. */
  readonly rows: Promise<number>;
  readonly #waiting: Waiting[] = [];
  #sent = 0;
  #isDone = false;
  #wake: () => void = () => undefined;

  /** Begins at once; `signal` breaks it off, and `window` blocks may wait here. */
  constructor(encoders: PlainEncoders, part: PlainPart, { signal, window }: { signal: AbortSignal; window: number }) {
    const take = (block: Uint8Array<ArrayBuffer>, release: Release): void => {
      this.#waiting.push({ block, release });
      this.#wake();
    };
    this.rows = encoders.run(part, { signal, window, onBlock: take }).finally(() => {
      this.#isDone = true;
      this.#wake();
    });
    this.rows.catch(() => undefined);
  }

  /** Whether anything has been sent. */
  get hasBegun(): boolean {
    return this.#sent > 0;
  }

  /** Sends what comes, until the part is at its end, and returns its rows. */
  async forward(send: (block: Uint8Array<ArrayBuffer>) => Promise<void>, spare: CallContext['spare']): Promise<number> {
    for (;;) {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#sent++;
        await send(next.block);
        next.release(spare() ?? 'none'); // its own buffer has gone on
      }
      if (this.#isDone) return await this.rows;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
