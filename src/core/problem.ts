/** What kind of failure this is. The closed set that every surface translates at its rim: HTTP status, exit code, wire error. */
export const problemCodes = {
  invalid: { status: 400, exit: 2 },
  unauthenticated: { status: 401, exit: 4 },
  denied: { status: 403, exit: 4 },
  'not-found': { status: 404, exit: 3 },
  'method-not-allowed': { status: 405, exit: 2 },
  'not-acceptable': { status: 406, exit: 2 },
  timeout: { status: 408, exit: 5 },
  conflict: { status: 409, exit: 6 },
  gone: { status: 410, exit: 3 },
  'precondition-failed': { status: 412, exit: 6 },
  'too-large': { status: 413, exit: 2 },
  'unsupported-media': { status: 415, exit: 2 },
  unprocessable: { status: 422, exit: 2 },
  'precondition-required': { status: 428, exit: 6 },
  exhausted: { status: 429, exit: 7 },
  internal: { status: 500, exit: 1 },
  unavailable: { status: 503, exit: 5 },
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** The optional parts of a problem: everything a person needs to act on it. */
export type ProblemParts = {
  /** What happened here: expected, got, and where (file, offset, line, column). */
  detail?: string;
  /** The command or setting that mends it. */
  hint?: string;
  /** RFC 6901 pointer to, or the name of, the offending part of the input. */
  pointer?: string;
  /** Machine-readable facts beside the sentence (line, column, offset ...); plain JSON values only. */
  facts?: Record<string, unknown>;
  cause?: unknown;
};

/**
 * The one error that Weir throws on purpose (RFC 9457). `title` tells what to do or what is wrong in one sentence.
 * Any other error is a fault of ours: clients see a plain sentence with a request id, the log sees all of it.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly pointer: string | undefined;
  readonly facts: Record<string, unknown> | undefined;

  constructor(code: ProblemCode, title: string, parts: ProblemParts = {}) {
    super(title, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'Problem';
    this.code = code;
    this.detail = parts.detail;
    this.hint = parts.hint;
    this.pointer = parts.pointer;
    this.facts = parts.facts;
  }

  get title(): string {
    return this.message;
  }

  /** A copy that survives `postMessage`, to be revived by `Problem.revive` on the other side. */
  toMessage(): ProblemMessage {
    const { code, title, detail, hint, pointer, facts } = this;
    return { code, title, detail, hint, pointer, facts };
  }

  static revive(message: ProblemMessage): Problem {
    const { code, title, ...parts } = message;
    return new Problem(code, title, parts as ProblemParts);
  }
}

/** A problem as plain data, for crossing between threads and for the `problem+json` body. */
export type ProblemMessage = {
  code: ProblemCode;
  title: string;
  detail: string | undefined;
  hint: string | undefined;
  pointer: string | undefined;
  facts: Record<string, unknown> | undefined;
};
