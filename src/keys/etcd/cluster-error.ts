/** What a request can come to besides an answer. */
export const outcomes = {
  /** Nobody can say whether it was done: the answer did not come, or the cluster itself does not know. */
  uncertain: 'uncertain',
  /** The cluster refused it, and would again. */
  refused: 'refused',
  /** It, or its answer, is larger than the cluster takes. */
  tooLarge: 'too-large',
  /** The token is not, or no longer, good; it was not done. */
  unauthenticated: 'unauthenticated',
} as const;
export type Outcome = (typeof outcomes)[keyof typeof outcomes];

/** A request that failed; the message is the cluster's own text. */
export class ClusterError extends Error {
  readonly outcome: Outcome;

  constructor(message: string, outcome: Outcome) {
    super(message);
    this.name = 'ClusterError';
    this.outcome = outcome;
  }
}

/** The error that a gRPC status stands for, by etcd's own use of them (`api/v3rpc/rpctypes/error.go`). */
export function clusterError(code: number, details: string): ClusterError {
  const text = details === '' ? `the cluster answered with status ${code}` : details;
  return new ClusterError(text, outcomeOf(code, details));
}

function outcomeOf(code: number, details: string): Outcome {
  if (/request is too large|message larger than max|too many operations/.test(details)) return outcomes.tooLarge;
  // A member that started anew has forgotten its tokens, and one behind in its users says so by INVALID_ARGUMENT.
  if (/invalid auth token|revision of auth store is old|user name is empty/.test(details)) return outcomes.unauthenticated;
  return refusals.has(code) && !/too many requests/.test(details) ? outcomes.refused : outcomes.uncertain;
}

/** Status codes of gRPC (https://grpc.io/docs/guides/status-codes/) by which nothing was done. */
const refused = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unauthenticated: 16,
};
const refusals = new Set(Object.values(refused));

/** The words of whatever was thrown. */
export const textOfError = (error: unknown): string => (error instanceof Error ? error.message : String(error));
