/** What a server says when it refuses (RFC 9457), as an exception. */
export class WeirProblem extends Error {
  /** Status of HTTP; 0 where nobody answered. */
  readonly status: number;
  /** The last part of `type`: `not-found`, `unprocessable`; `unavailable` where nobody answered. */
  readonly code: string;
  /** What happened here. */
  readonly detail: string | undefined;
  /** The command or setting that mends it. */
  readonly hint: string | undefined;
  /** Which part of the input is meant. */
  readonly pointer: string | undefined;
  /** All faults, where there are several. */
  readonly errors: readonly { pointer: string; detail: string }[];
  /** Seconds to wait before the next try (`Retry-After`), where the server says so. */
  readonly retryAfter: number | undefined;
  /** The whole document, for members that are not named here. */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: Record<string, unknown>, more: { retryAfter?: number; cause?: unknown } = {}) {
    super(textOf(document.title) ?? `status ${status}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'WeirProblem';
    this.status = status;
    this.code = textOf(document.type)?.split('/').at(-1)?.split('#').at(-1) ?? '';
    this.detail = textOf(document.detail);
    this.hint = textOf(document.hint);
    this.pointer = textOf(document.pointer);
    this.errors = Array.isArray(document.errors) ? (document.errors as { pointer: string; detail: string }[]) : [];
    this.retryAfter = more.retryAfter;
    this.document = document;
  }
}

/** The problem that an answer holds; one of our own where it holds none. */
export async function problemOf(answer: Response): Promise<WeirProblem> {
  const text = await answer.text().catch(() => '');
  const wait = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const more = Number.isFinite(wait) ? { retryAfter: wait } : {};
  try {
    const document = JSON.parse(text) as unknown;
    if (typeof document === 'object' && document !== null) return new WeirProblem(answer.status, document as Record<string, unknown>, more);
  } catch {
    // not a document: a proxy, or something else that speaks HTTP
  }
  return new WeirProblem(answer.status, { title: `${answer.status} ${answer.statusText}`.trim(), detail: text.slice(0, 200) }, more);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
