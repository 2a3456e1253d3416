/** Which secret goes to which server. A token belongs to one origin, and nothing ever carries it to another. */
import { Problem } from '../core/problem.ts';
import type { Headers } from './header.ts';

const githubApi = 'api.github.com';

/** The version of GitHub's API that the requests ask for. */
const githubVersion = '2022-11-28';

/** The address of GitHub's API: `--github-url`, else `GITHUB_API_URL`, else the public one. Throws Problem('invalid'). */
export function githubBase(option: string | undefined, env: NodeJS.ProcessEnv = process.env): URL {
  const text = option ?? (env.GITHUB_API_URL || `https://${githubApi}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url;
  throw new Problem('invalid', `${text} is no address of GitHub's API`, { hint: '--github-url https://HOST/api/v3' });
}

/** True for the API of GitHub itself, of its hosted enterprises (`api.NAME.ghe.com`), and of the server that `GITHUB_API_URL` names. */
export function isGithub(url: URL, env: NodeJS.ProcessEnv = process.env): boolean {
  if (url.hostname === githubApi || /^api\.[a-z0-9-]+\.ghe\.com$/.test(url.hostname)) return true;
  return URL.canParse(env.GITHUB_API_URL ?? '') && new URL(env.GITHUB_API_URL as string).origin === url.origin;
}

/** Headers that GitHub asks for. */
export const githubHeaders: Headers = { accept: 'application/vnd.github+json', 'x-github-api-version': githubVersion };

/**
 * The token for a server: the value of the variable that the command names, else, for GitHub's own hosts alone, that of
 * `GH_TOKEN` or `GITHUB_TOKEN`, in the order of GitHub's own tools. Throws Problem('invalid') when the named variable is
 * empty, or when the way there is open for everybody to read.
 */
export function tokenFor(url: URL, variable: string | undefined, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const isSafe = url.protocol === 'https:' || isLoopback(url.hostname);
  if (variable === undefined) return isSafe && isGithub(url, env) ? env.GH_TOKEN || env.GITHUB_TOKEN || undefined : undefined;
  const token = env[variable];
  if (!token) throw new Problem('invalid', `the variable ${variable} holds no token`, { hint: `export ${variable}=…` });
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Problem('invalid', `the variable ${variable} holds something that is no token`);
  if (isSafe) return token;
  throw new Problem('invalid', `a token does not travel to ${url.origin} without TLS`, { hint: `https://${url.host}` });
}

const isLoopback = (host: string): boolean => host === 'localhost' || /^127\./.test(host) || host === '[::1]';

// What another server may be told. Keys hide behind all sorts of names (X-Api-Key, Private-Token), so this is a list of
// what is known to be harmless, and everything else stays behind.
const harmless = new Set(['accept', 'accept-language', 'accept-encoding', 'user-agent', 'x-github-api-version']);

/** The headers that may follow a redirect to another origin. */
export const withoutSecrets = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name)));
