import { Problem } from '../core/problem.ts';

/** What a member may be: in words, and as a function that answers undefined for what it is not, or throws the reason. */
export type Kind<T> = { expected: string; read(value: unknown): T | undefined };

/** Reads the members of an object one by one, and gathers what is wrong with them. */
export class Members {
  readonly #body: Record<string, unknown>;
  readonly #left: Set<string>;
  readonly #faults: { pointer: string; detail: string }[] = [];

  constructor(body: Record<string, unknown>) {
    this.#body = body;
    this.#left = new Set(Object.keys(body));
  }

  /** The value of a member; undefined where it is missing, null or wrong. */
  take<T>(name: string, { expected, read }: Kind<T>): T | undefined {
    this.#left.delete(name);
    const value = this.#body[name];
    if (value === undefined || value === null) return undefined;
    try {
      const result = read(value);
      if (result === undefined) this.fault(name, `expected ${expected}, got ${shown(value)}`);
      return result;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.fault(name, error.detail ?? error.title);
      return undefined;
    }
  }

  /** True where something is wrong with a member. */
  isFaulty(name: string): boolean {
    return this.#faults.some(({ pointer }) => pointer === `/${name}`);
  }

  fault(name: string, detail: string): void {
    this.#faults.push({ pointer: `/${name}`, detail });
  }

  /** Says of each member that nobody took what `why` says, and throws `unprocessable` with all faults, if there are any. */
  end(title: string, why: (name: string) => string): void {
    for (const name of this.#left) this.fault(name, why(name));
    const [first] = this.#faults;
    if (first === undefined) return;
    const { pointer, detail } = first;
    throw new Problem('unprocessable', title, { detail: `${pointer.slice(1)}: ${detail}`, pointer, facts: { errors: this.#faults } });
  }
}

/** A value as a complaint shows it. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
