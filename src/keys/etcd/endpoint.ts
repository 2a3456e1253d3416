import { createRequire } from 'node:module';
import type { ChannelCredentials, Client, Metadata, ServiceError } from '@grpc/grpc-js';
import { Problem } from '../../core/problem.ts';
import { type ClusterError, clusterError } from './cluster-error.ts';

/** What secures the connection to the cluster: PEM texts. Without `ca` the host's own authorities are asked. */
export type ClusterTls = { ca?: Buffer | undefined; cert?: Buffer | undefined; key?: Buffer | undefined };

const require = createRequire(import.meta.url);
/** Loaded with the first endpoint: most servers have no cluster. */
const grpc = (): typeof import('@grpc/grpc-js') => require('@grpc/grpc-js');

const options = {
  // A member that is frozen or cut off keeps its connections: ask it, yet not more often than etcd allows (5 s).
  'grpc.keepalive_time_ms': 6_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // A listing is as large as it is; the cluster bounds what is written.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // Whether a write may be sent again is decided above, where it is known what it was.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
};

/** One member of the cluster, by the address that clients use: one connection, made when it is needed and again when it broke. */
export class Endpoint {
  readonly url: string;
  readonly #client: Client;

  /** The address is `http://host:port`, or `https://host:port` for TLS. Throws Problem when it is neither. */
  constructor(url: string, tls: ClusterTls | undefined) {
    const parsed = URL.parse(url);
    if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
      throw new Problem('invalid', `An etcd cluster has no address like "${url}".`, { hint: 'such as http://10.0.0.1:2379' });
    }
    this.url = `${parsed.protocol}//${parsed.host}`;
    const isSecured = parsed.protocol === 'https:';
    // A URL forgets 80 and 443 as ports, and grpc-js takes 443 where none is named; etcd listens on 2379.
    const port = /:(\d+)\/*$/.exec(url)?.[1] ?? '2379';
    const address = `${parsed.hostname}:${port}`;
    const { Client, credentials } = grpc();
    this.#client = new Client(address, isSecured ? secured(tls) : credentials.createInsecure(), options);
  }

  /** Asks once. Fails with a `ClusterError`, `uncertain` when no answer came within the limit. */
  call(method: string, request: Buffer, { limitMs, token }: { limitMs: number; token: string | undefined }): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: Buffer) =>
        error === null && answer !== undefined ? resolve(answer) : reject(failure(error));
      const deadline = Date.now() + Math.max(1, limitMs);
      this.#client.makeUnaryRequest(pathOf(method), asIs, asIs, request, metadata(token), { deadline }, answered);
    });
  }

  /** Opens a stream and sends one message; the function that is answered ends it. */
  stream(method: string, request: Buffer, listener: StreamListener): () => void {
    const call = this.#client.makeBidiStreamRequest(pathOf(method), asIs, asIs, metadata(listener.token, true));
    let isEnded = false;
    const end = (error?: ClusterError) => {
      if (isEnded) return;
      isEnded = true;
      call.cancel();
      listener.onEnd(error);
    };
    call.on('data', (answer: Buffer) => !isEnded && listener.onAnswer(answer));
    call.on('error', (error: ServiceError) => end(failure(error)));
    call.on('end', () => end());
    call.write(request);
    return () => {
      isEnded = true;
      call.cancel();
    };
  }

  close(): void {
    this.#client.close();
  }
}

export type StreamListener = {
  token: string | undefined;
  onAnswer(answer: Buffer): void;
  /** Told once, unless the stream was ended from this side. */
  onEnd(error?: ClusterError): void;
};

const pathOf = (method: string): string => `/etcdserverpb.${method}`;
const asIs = (bytes: Buffer): Buffer => bytes;

function metadata(token: string | undefined, needsLeader = false): Metadata {
  const made = new (grpc().Metadata)();
  if (token !== undefined) made.set('token', token);
  // A stream of a member that lost the others ends then, and does not stay silent (etcd's client does the same).
  if (needsLeader) made.set('hasleader', 'true');
  return made;
}

function secured(tls: ClusterTls | undefined): ChannelCredentials {
  return grpc().credentials.createSsl(tls?.ca ?? null, tls?.key ?? null, tls?.cert ?? null);
}

const failure = (error: ServiceError | null): ClusterError => clusterError(error?.code ?? 2, error?.details ?? 'no answer');
