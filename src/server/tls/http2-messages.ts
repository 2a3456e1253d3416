/**
 * Requests and answers of HTTP/2 that behave as those of HTTP/1.1 do, where Node's own do not: handlers of the rooms write
 * to them without knowing which protocol it is.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { constants, Http2ServerRequest, Http2ServerResponse, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { ReadableOptions } from 'node:stream';

/** A request whose body that breaks off is an error, and never the end of the body. */
export class Http2Request extends Http2ServerRequest {
  /** The request has `Host` and `:authority`, and they differ: it is malformed (RFC 9113 section 8.3.1). */
  readonly isContradictory: boolean;
  /** Octets of all headers, names included. */
  readonly headerOctets: number;
  /** Octets of the body that have arrived so far. */
  octets = 0;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, options: ReadableOptions, rawHeaders: readonly string[]) {
    super(stream, headers, options, rawHeaders);
    const authority = headers[':authority'];
    this.isContradictory = headers.host !== undefined && authority !== undefined && headers.host !== authority;
    this.headerOctets = rawHeaders.reduce((sum, text) => sum + text.length, 0);
    // The rules about names look at Host.
    if (authority !== undefined) headers.host = authority;
  }

  /** True once the whole request has arrived and was read. */
  // @ts-expect-error an accessor in Node's own, too, whatever its type says.
  override get complete(): boolean {
    return this.readableEnded || (this.stream as { endAfterHeaders?: boolean }).endAfterHeaders === true;
  }

  // A stream that is reset ends for Node as one that came to its end: half an upload would pass for a whole one.
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk instanceof Uint8Array) this.octets += chunk.byteLength;
    if (chunk !== null || this.complete || !(this.stream.closed || this.stream.destroyed)) return super.push(chunk, encoding);
    this.destroy(new Error('the client broke the request off'));
    return false;
  }

  // As HTTP/1.1 does: the connection, here the stream, goes with the request, and an error that nobody listens for is none.
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { stream } = this;
    if (!stream.closed) stream.close(error === null ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
    callback(this.listenerCount('error') === 0 ? null : error);
  }
}

/** What HTTP/2 has no use for (RFC 9113 section 8.2.2). */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

type Headers = OutgoingHttpHeaders | readonly string[];

/** An answer that passes over what is about connections, and tells what state it is in. */
export class Http2Response extends Http2ServerResponse<Http2Request> {
  constructor(stream: ServerHttp2Stream) {
    super(stream);
    // The rest of a body that nobody reads would otherwise be taken, and thrown away, for as long as the client sends.
    stream.once('finish', () => {
      if (!this.req.complete) this.req.destroy();
    });
  }

  // @ts-expect-error Node's own has no such member; its type says that it is a Writable, which it is not.
  get destroyed(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  // As HTTP/1.1 does: an answer that breaks off is an error for whoever reads it. Node's own would look like its end.
  override destroy(error?: Error): this {
    if (!this.writableEnded) this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return super.destroy(error);
  }

  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (!connectionHeaders.has(name.toLowerCase())) super.setHeader(name, value);
  }

  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    return super.writeHead(status, withoutConnection(typeof reason === 'string' ? headers : reason));
  }

  // biome-ignore lint/suspicious/noExplicitAny: the overloads of Writable.write
  override write(...words: any[]): boolean {
    if (!this.destroyed) return super.write(...(words as [string]));
    const done: unknown = words.find((word) => typeof word === 'function');
    // Node's own would say nothing, and whoever waits for the octets to leave would wait for ever.
    if (typeof done === 'function') process.nextTick(done, new Error('the client is gone'));
    return false;
  }
}

function withoutConnection(headers: Headers | undefined): Headers | undefined {
  if (headers === undefined) return undefined;
  const isKept = (name: string) => !connectionHeaders.has(name.toLowerCase());
  if (!isList(headers)) return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)));
  // Names and values in turn.
  return headers.filter((_, at) => isKept(headers[at - (at % 2)] as string));
}

const isList = (headers: Headers): headers is readonly string[] => Array.isArray(headers);
