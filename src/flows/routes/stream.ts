/**
 * `/api/v1/stream/flows`: any number of rows in any format. The store's thread encodes; here blocks go to the socket as
 * fast as the client takes them, and back to be filled again. A fault before the first octet is a problem as anywhere;
 * later it breaks the connection, so that nobody takes half an answer for a whole one.
 */
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { chooseMediaType } from '../../core/media-type.ts';
import { Problem } from '../../core/problem.ts';
import { streamQuery } from '../api.ts';
import { formatOfMediaType, type StreamFormat, streamFormatNames, streamFormats } from '../encode/format.ts';
import type { Flows } from '../flows.ts';
import { readFormat, readStream, type StreamWords } from '../query.ts';
import type { StreamNews } from '../store/stream-query.ts';

const path = '/api/v1/stream/flows';

export const streamRoutes = (flows: Flows): RoomRoutes => {
  return async (app) => {
    const open = { count: 0 };
    const answer = (named: StreamFormat | undefined) => async (request: FastifyRequest, reply: FastifyReply) => {
      const format = named === undefined ? chooseFormat(request) : agreed(request, named);
      const query = readStream(request.query as StreamWords, format);
      const limit = flows.config.stream.parallel;
      if (open.count >= limit) {
        reply.header('retry-after', '1');
        throw new Problem('exhausted', `${limit} streams are being answered; try again in a moment`, {
          hint: 'the setting flows.stream.parallel allows more',
        });
      }
      open.count++;
      try {
        const { contentType } = streamFormats[format];
        reply.type(format === 'csv' && query.header === 'absent' ? contentType.replace('present', 'absent') : contentType);
        reply.header('vary', 'accept, accept-encoding');
        if (request.method === 'HEAD') return reply.send();
        await new Answer(request, reply, format).send((options) => flows.store.stream(query, options));
        return reply;
      } finally {
        open.count--;
      }
    };
    const schema = (summary: string) => ({
      tags: ['flows'],
      summary,
      querystring: streamQuery,
      produces: streamFormatNames.map((name) => streamFormats[name].mediaType),
    });
    app.get(path, { config: { role: 'viewer' }, schema: schema('Flows in order of time, streamed') }, answer(undefined));
    for (const name of streamFormatNames) {
      const { suffix } = streamFormats[name];
      app.get(`${path}${suffix}`, { config: { role: 'viewer' }, schema: schema(`The same as ${name}`) }, answer(name));
    }
  };
};

/** `format=` if given, else what `Accept` likes best, else JSON. */
const chooseFormat = (request: FastifyRequest): StreamFormat => {
  const { format } = request.query as StreamWords;
  if (format !== undefined) return readFormat(format);
  const offered = streamFormatNames.map((name) => streamFormats[name].mediaType);
  const chosen = chooseMediaType(request.headers.accept, offered);
  const found = chosen === undefined ? undefined : formatOfMediaType(chosen);
  if (found !== undefined) return found;
  // A browser's Accept names pages and pictures only; what it does not offer is what this route has.
  throw new Problem('not-acceptable', 'none of the formats of this stream is acceptable to the client', {
    detail: `offered: ${offered.join(', ')}`,
    hint: 'name one with format=',
  });
};

/** The format that the path ends in; `format=` may say the same. */
const agreed = (request: FastifyRequest, named: StreamFormat): StreamFormat => {
  const { format } = request.query as StreamWords;
  if (format === undefined || readFormat(format) === named) return named;
  throw new Problem('invalid', `format: the path asks for ${named}, and format=${format} for another`, {
    pointer: 'format',
    hint: 'leave one of them away',
  });
};

type Start = (options: {
  signal: AbortSignal;
  onBlock: (block: Uint8Array<ArrayBuffer>, release: () => void) => void;
  onNews: (news: unknown) => void;
}) => Promise<unknown>;

/** One answer on its way to the socket. */
class Answer {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #coder: Transform | undefined;
  readonly #coding: string | undefined;
  readonly #controller = new AbortController();
  #hasBegun = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(request: FastifyRequest, reply: FastifyReply, format: StreamFormat) {
    this.#request = request;
    this.#reply = reply;
    this.#coding = format === 'parquet' ? undefined : chooseCoding(request.headers['accept-encoding']);
    this.#coder = createCoder(this.#coding);
  }

  async send(start: Start): Promise<void> {
    const { raw } = this.#reply;
    const hangUp = (): void => this.#controller.abort();
    raw.once('close', hangUp);
    try {
      await start({
        signal: this.#controller.signal,
        onBlock: (block, release) => this.#take(block, release),
        onNews: (news) => this.#reply.header('x-weir-ingested-until', (news as StreamNews).ingestedUntil),
      });
      await this.#writing;
      await this.#end();
    } catch (error) {
      if (!this.#hasBegun) throw error;
      // Too late for a status: the broken connection says that the answer is not whole.
      if (!this.#controller.signal.aborted) this.#request.log.error({ err: error }, 'a stream broke off');
      raw.destroy();
    } finally {
      raw.off('close', hangUp);
      this.#coder?.destroy();
    }
  }

  #begin(): void {
    this.#hasBegun = true;
    if (this.#coding !== undefined) this.#reply.header('content-encoding', this.#coding);
    this.#reply.hijack();
    this.#reply.raw.writeHead(200, this.#reply.getHeaders() as Record<string, string>);
    this.#coder?.pipe(this.#reply.raw);
  }

  #take(block: Uint8Array<ArrayBuffer>, release: () => void): void {
    if (!this.#hasBegun) this.#begin();
    this.#writing = this.#write(block).then(release, release);
  }

  /** Resolves when the octets have left: then their memory may be filled again. */
  #write(block: Uint8Array): Promise<void> {
    const target = this.#coder ?? this.#reply.raw;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (target.destroyed) resolve();
    else target.write(block, () => resolve());
    return promise;
  }

  async #end(): Promise<void> {
    if (!this.#hasBegun) this.#begin();
    const { raw } = this.#reply;
    if (raw.destroyed) return;
    const finished = Promise.race([once(raw, 'finish'), once(raw, 'close')]);
    (this.#coder ?? raw).end();
    await finished;
  }
}

/** The coding that the client accepts and that costs least: zstd before gzip, none unless asked for. */
const chooseCoding = (header: string | string[] | undefined): 'zstd' | 'gzip' | undefined => {
  const accepted = String(header ?? '')
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => !/;\s*q=0(\.0*)?$/.test(item))
    .map((item) => item.split(';')[0]);
  if (accepted.includes('zstd')) return 'zstd';
  return accepted.includes('gzip') ? 'gzip' : undefined;
};

const createCoder = (coding: 'zstd' | 'gzip' | undefined | string): Transform | undefined => {
  if (coding === 'zstd') return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  if (coding === 'gzip') return createGzip({ level: 1 });
  return undefined;
};
