import type { Occasion } from './occasion.ts';

/** Who waits for changes at a path. */
export type Watcher = {
  /** Wants what happens below the path, too. */
  readonly isRecursive: boolean;
  /** Stays when it has been told of a change; one that does not is removed before it is told. */
  readonly isStream: boolean;
  /** The first index of interest. */
  since: number;
  /** Tells it of a change; must be quick and must not throw. */
  deliver(occasion: Occasion): void;
  /** Nothing more will come: the hub was stopped, or its feed broke. */
  end(reason: string): void;
};
