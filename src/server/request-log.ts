import type { FastifyBaseLogger } from 'fastify';
import type { ChildLoggerOptions } from 'pino';

/**
 * The log of one request, which bears its id: made from that of the server when something is said, since most requests say nothing and a child of
 * Pino's costs more than what is done with a small one.
 */
export class RequestLog implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: Record<string, unknown>;
  readonly #options: ChildLoggerOptions;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: Record<string, unknown>, options: ChildLoggerOptions) {
    this.#parent = parent;
    this.#bindings = bindings;
    this.#options = options;
  }

  get level(): string {
    return this.#parent.level;
  }

  set level(level: string) {
    this.#log.level = level;
  }

  fatal(...words: Parameters<FastifyBaseLogger['fatal']>): void {
    this.#log.fatal(...words);
  }

  error(...words: Parameters<FastifyBaseLogger['error']>): void {
    this.#log.error(...words);
  }

  warn(...words: Parameters<FastifyBaseLogger['warn']>): void {
    this.#log.warn(...words);
  }

  info(...words: Parameters<FastifyBaseLogger['info']>): void {
    if (this.#isHeard('info')) this.#log.info(...words);
  }

  debug(...words: Parameters<FastifyBaseLogger['debug']>): void {
    if (this.#isHeard('debug')) this.#log.debug(...words);
  }

  trace(...words: Parameters<FastifyBaseLogger['trace']>): void {
    if (this.#isHeard('trace')) this.#log.trace(...words);
  }

  silent(): void {}

  child(...how: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#log.child(...how);
  }

  get #log(): FastifyBaseLogger {
    this.#made ??= this.#parent.child(this.#bindings, this.#options);
    return this.#made;
  }

  #isHeard(level: string): boolean {
    return this.#made !== undefined || (this.#parent as unknown as { isLevelEnabled(level: string): boolean }).isLevelEnabled(level);
  }
}
