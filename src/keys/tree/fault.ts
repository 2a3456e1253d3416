/** Why the tree refused. Each surface translates these words at its rim. */
export const faultKinds = [
  /** The cause is the first component that is missing. */
  'not-found',
  /** A comparison failed; the cause says given and actual: `[1 != 2]`. */
  'compare-failed',
  /** A value was meant for a directory; the cause is its path. */
  'not-file',
  /** A file stands where a directory is needed; the cause is that file. */
  'not-directory',
  'exists',
  /** The root can be neither written nor deleted. */
  'root-read-only',
  'not-empty',
  /** The history that was asked for is gone; the cause is `the requested history has been cleared [oldest/asked]`. */
  'history-cleared',
  /** Beyond a limit of this tree; the cause names limit and size. */
  'too-large',
  /** The engine could not say in time whether it did it: it may still take effect. */
  'unavailable',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** A refusal of the key tree. Nothing was changed, except perhaps when the kind is `unavailable`. */
export class KeyFault extends Error {
  readonly kind: FaultKind;
  /** A path, or a sentence, as bytes in a binary string (see `Path`). */
  override readonly cause: string;
  /** Index of the tree when it refused. */
  readonly index: number;

  constructor(kind: FaultKind, cause: string, index: number) {
    // A refusal is an answer, given many thousand times a second; the way to it is of no interest and dear to write down.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${kind}: ${cause}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'KeyFault';
    this.kind = kind;
    this.cause = cause;
    this.index = index;
  }
}
