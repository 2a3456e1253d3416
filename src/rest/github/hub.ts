/** GitHub's API through Octokit, which here sends everything by our own exchange: retries, cache, trust and tokens are those of `weir get`. */
import { Octokit } from '@octokit/rest';
import { Problem } from '../../core/problem.ts';
import { githubBase } from '../credentials.ts';
import type { Exchange } from '../exchange.ts';
import { readBody } from '../exchange.ts';
import { refusalOf } from '../refusal.ts';
import { openUrl, type TargetOptions } from '../target.ts';

export type HubOptions = TargetOptions & { githubUrl?: string | undefined };

/** An open way to GitHub. */
export type Hub = {
  base: URL;
  octokit: Octokit;
  /** True when requests carry a token. */
  isKnown: boolean;
  close(): void;
};

/** Opens the way to the API that `--github-url` or `GITHUB_API_URL` names. */
export function openHub(options: HubOptions): Hub {
  const base = githubBase(options.githubUrl);
  const { url, headers, exchange, close } = openUrl(base, options, true);
  const octokit = new Octokit({
    baseUrl: url.href.replace(/\/$/, ''),
    request: { fetch: fetchBy(exchange, url.origin, headers) },
    // Octokit's own notes (deprecations) are for programmers.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return { base: url, octokit, isKnown: headers.authorization !== undefined, close };
}

const largestAnswer = 64 << 20;

type FetchInit = { method?: string; headers?: Record<string, string>; body?: string };

const fetchBy =
  (exchange: Exchange, origin: string, own: Record<string, string>) =>
  async (address: string, { method = 'GET', headers = {}, body }: FetchInit = {}): Promise<Response> => {
    const url = new URL(address);
    // Octokit goes wherever a Link header points.
    if (url.origin !== origin)
      throw new Problem('denied', `${new URL(origin).host} leads to ${url.host}`, { detail: 'nothing is asked of another server' });
    const answer = await exchange({
      method,
      url,
      headers: { ...lowered(headers), ...own },
      ...(body !== undefined && { body: Buffer.from(body) }),
    });
    if (answer.status >= 400) throw await refusalOf(answer);
    const bytes = await readBody(answer, largestAnswer);
    if (bytes === undefined) throw new Problem('too-large', `an answer of ${url.host} is larger than 64 MiB`);
    const hasBody = answer.status !== 204 && answer.status !== 304;
    return new Response(hasBody ? new Uint8Array(bytes) : null, { status: answer.status, headers: answer.headers });
  };

const lowered = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** Waits for an answer of Octokit; what our exchange threw inside of it comes out as it was. */
export async function ask<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause instanceof Problem) throw cause;
    throw new Problem('unavailable', 'GitHub did not answer as it should', { detail: (error as Error).message, cause: error });
  }
}

export type RepositoryName = { owner: string; repo: string };

/** Reads `OWNER/NAME`. Throws Problem('invalid'). */
export function readRepository(word: string): RepositoryName {
  const [, owner, repo] = /^([A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}))\/([A-Za-z0-9._-]{1,100})$/.exec(word) ?? [];
  if (owner !== undefined && repo !== undefined && !/^\.{1,2}$/.test(repo)) return { owner, repo };
  throw new Problem('invalid', `${word} names no repository`, { hint: 'OWNER/NAME, such as ojitha/learn-ai' });
}
