/**
 * Words that completion offers for a value that may be others, too: those of a language, say. A room tells where they come
 * from; they are loaded when a shell's script is asked for, and by no other command.
 */
import type { Argument, Option } from 'commander';

type LoadWords = () => Promise<readonly string[]>;

const loaders = new Map<Option | Argument, LoadWords>();
const words = new WeakMap<Option | Argument, readonly string[]>();

/** Has these words offered for the value of an option, or for each word of an argument. */
export function offerWords(value: Option | Argument, load: LoadWords): void {
  loaders.set(value, load);
}

/** Loads all words that were promised. */
export async function loadOffers(): Promise<void> {
  for (const [value, load] of loaders) words.set(value, await load());
  loaders.clear();
}

/** What to offer for a value: its choices, or the words that were loaded for it. */
export const offersOf = (value: Option | Argument): readonly string[] => value.argChoices ?? words.get(value) ?? [];
