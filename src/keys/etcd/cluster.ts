import type { Log } from '../../core/log.ts';
import { ClusterError, outcomes, textOfError } from './cluster-error.ts';
import { type ClusterTls, Endpoint, type StreamListener } from './endpoint.ts';
import { decodeToken, decodeTxn, encodeAuthenticate, encodeTxn, type TxnAnswer, type TxnRequest } from './messages.ts';

export type ClusterAccess = {
  endpoints: readonly string[];
  user?: string | undefined;
  password?: string | undefined;
  tls?: ClusterTls | undefined;
};

/**
 * The cluster as a caller sees it: whichever member answers. One endpoint is used until it fails, then the next. A request is
 * sent once by `call`, and until it is answered by `ask`, which is for those that do no harm when they are done twice.
 */
export class Cluster {
  readonly #endpoints: readonly Endpoint[];
  readonly #access: ClusterAccess;
  readonly #log: Log;
  #current = 0;
  #token: Promise<string> | undefined;

  constructor(access: ClusterAccess, log: Log) {
    if (access.endpoints.length === 0) throw new RangeError('a cluster needs an endpoint');
    this.#access = access;
    this.#log = log;
    this.#endpoints = access.endpoints.map((url) => new Endpoint(url, access.tls));
  }

  get endpointCount(): number {
    return this.#endpoints.length;
  }

  /** The address that is asked now. */
  get current(): string {
    return this.#endpoint().url;
  }

  /** One attempt at the current endpoint. A failure that may be the endpoint's moves on to the next one. */
  async call(method: string, request: Buffer, limitMs: number): Promise<Buffer> {
    const endsAt = Date.now() + limitMs;
    const endpoint = this.#endpoint();
    try {
      return await this.#callAt(endpoint, { method, request, endsAt });
    } catch (error) {
      if (error instanceof ClusterError && error.outcome === outcomes.uncertain) this.#leave(endpoint, error);
      throw error;
    }
  }

  /** As `call`, again at the next endpoint until it is answered or the limit has passed: for reads alone. */
  async ask(method: string, request: Buffer, limitMs: number): Promise<Buffer> {
    const endsAt = Date.now() + limitMs;
    const attemptMs = Math.max(250, Math.min(2000, limitMs / this.#endpoints.length));
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.call(method, request, Math.min(attemptMs, endsAt - Date.now()));
      } catch (error) {
        const isWorthIt = error instanceof ClusterError && error.outcome === outcomes.uncertain;
        // A refused connection is told at once: let some time pass when all were tried.
        const restMs = attempt % this.#endpoints.length === 0 ? 50 : 0;
        if (!isWorthIt || Date.now() + restMs >= endsAt) throw error;
        await pause(restMs);
      }
    }
  }

  /** One attempt at a transaction that writes. */
  async commit(request: TxnRequest, limitMs: number): Promise<TxnAnswer> {
    return decodeTxn(await this.call('KV/Txn', encodeTxn(request), limitMs));
  }

  /** A transaction of reads alone. */
  async read(request: TxnRequest, limitMs: number): Promise<TxnAnswer> {
    return decodeTxn(await this.ask('KV/Txn', encodeTxn(request), limitMs));
  }

  /** Opens a stream at the current endpoint; the function that is answered ends it, and nothing is told after that. */
  async stream(method: string, request: Buffer, listener: Omit<StreamListener, 'token'>): Promise<() => void> {
    const endpoint = this.#endpoint();
    const token = await this.#tokenFor(endpoint, Date.now() + 2000);
    const onEnd = (error?: ClusterError) => {
      if (error?.outcome === outcomes.unauthenticated) this.#token = undefined;
      if (error?.outcome === outcomes.uncertain) this.#leave(endpoint, error);
      listener.onEnd(error);
    };
    return endpoint.stream(method, request, { token, onAnswer: listener.onAnswer, onEnd });
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }

  async #callAt(endpoint: Endpoint, { method, request, endsAt }: { method: string; request: Buffer; endsAt: number }): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      const token = await this.#tokenFor(endpoint, endsAt);
      try {
        return await endpoint.call(method, request, { limitMs: endsAt - Date.now(), token });
      } catch (error) {
        const isStale = error instanceof ClusterError && error.outcome === outcomes.unauthenticated && token !== undefined;
        if (!isStale || attempt === 3 || Date.now() >= endsAt) throw error;
        this.#token = undefined;
      }
    }
  }

  /** The token of a cluster with users; all callers share it until a member no longer knows it. */
  #tokenFor(endpoint: Endpoint, endsAt: number): Promise<string> | undefined {
    const { user, password = '' } = this.#access;
    if (user === undefined || user === '') return undefined;
    if (this.#token !== undefined) return this.#token;
    const request = encodeAuthenticate(user, password);
    const asked = endpoint.call('Auth/Authenticate', request, { limitMs: endsAt - Date.now(), token: undefined }).then(decodeToken);
    this.#token = asked;
    asked.catch(() => {
      if (this.#token === asked) this.#token = undefined;
    });
    return asked;
  }

  #endpoint(): Endpoint {
    return this.#endpoints[this.#current % this.#endpoints.length]!;
  }

  /** Several callers may meet the same failure: only the first of them moves on. */
  #leave(endpoint: Endpoint, error: ClusterError): void {
    if (this.#endpoints.length === 1 || this.#endpoint() !== endpoint) return;
    this.#current = (this.#current + 1) % this.#endpoints.length;
    this.#log.debug({ from: endpoint.url, to: this.current, reason: textOfError(error) }, 'keys: another member of the cluster');
  }
}

/** Lets so many milliseconds pass. */
export const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));
