/**
 * A GitHub of one repository on a local socket. It answers from GitHub's published OpenAPI description: the bodies are made
 * from the examples there, and each request and each answer is checked against its schemas. `faults` tells what did not fit.
 */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

type Json = Record<string, unknown>;
type Parameter = { $ref?: string; name: string; in: string; required?: boolean };
type Operation = { operationId: string; parameters?: Parameter[]; requestBody?: unknown; responses: Record<string, { $ref?: string }> };

const description = JSON.parse(readFileSync(new URL('./testdata/github.openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: {
    examples: Record<string, { value: unknown }>;
    parameters: Record<string, Parameter>;
    schemas: { event: { properties: { payload: { anyOf?: unknown; oneOf?: unknown } } } };
  };
};
const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: true, validateFormats: true, logger: false });
formats.default(ajv);
// The payloads of events are said to fit one schema each, but some of those (PublicEvent) fit everything.
const { payload } = description.components.schemas.event.properties;
payload.anyOf = payload.oneOf;
delete payload.oneOf;
ajv.addSchema(withNulls(description) as object, 'github');

// OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own, also beside `allOf` and `$ref`, where Ajv takes none.
function withNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withNulls);
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withNulls(part)]));
  if (nullable !== true) return nullable === undefined ? rest : { ...rest, nullable };
  return { anyOf: [rest, { type: 'null' }] };
}

const pointer = (...names: string[]): string =>
  `github#/${names.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

/** An example of the description, as a copy of one's own. */
export function example<T = Json>(name: string): T {
  const found = description.components.examples[name]?.value;
  if (found === undefined) throw new Error(`no example ${name}`);
  return structuredClone(found) as T;
}

export type Issue = Json & {
  number: number;
  title: string;
  body: string | null;
  state: string;
  labels: { name: string }[];
  updated_at: string;
  comments: number;
};
export type Comment = Json & { id: number; body: string; issue: number; updated_at: string; html_url: string };

/** A request as it arrived. */
export type Seen = { method: string; url: string; headers: Json; body: string };

/** Answers in place of the house, once. */
export type Interruption = (request: Seen, response: ServerResponse) => void;

export class GithubServer {
  readonly seen: Seen[] = [];
  readonly faults: string[] = [];
  readonly issues: Issue[] = [];
  readonly comments: Comment[] = [];
  readonly collaborators = new Set(['octocat', 'ada-l']);
  /** Events of the public timeline, the newest first. */
  events: Json[] = [];
  /** The next requests are answered by these, in order. */
  readonly interruptions: Interruption[] = [];
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error) => {
      this.faults.push(String(error));
      send(response, 500, { message: String(error) });
    });
  });
  #tick = 0;
  #id = 1000;

  static async start(): Promise<GithubServer> {
    const github = new GithubServer();
    await new Promise<void>((resolve) => github.#server.listen(0, '127.0.0.1', resolve));
    return github;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Opens an issue as somebody at GitHub does. */
  open(issue: Partial<Issue>): Issue {
    const number = this.issues.length + 1;
    const whole = {
      ...example<Issue>('issue'),
      id: this.#id++,
      number,
      html_url: `${this.url}/octocat/hello/issues/${number}`,
      state: 'open',
      state_reason: null,
      body: '',
      labels: [],
      assignee: null,
      assignees: [],
      milestone: null,
      closed_at: null,
      closed_by: null,
      comments: 0,
      ...issue,
    } as unknown as Issue;
    delete whole.pull_request;
    if (issue.pull_request) whole.pull_request = issue.pull_request;
    this.issues.push(whole);
    return this.touch(whole);
  }

  /** Says that an issue changed just now. */
  touch(issue: Issue): Issue {
    issue.updated_at = this.#now();
    return issue;
  }

  say(number: number, body: string, login = 'octocat'): Comment {
    const id = this.#id++;
    const at = this.#now();
    const html_url = `${this.url}/octocat/hello/issues/${number}#issuecomment-${id}`;
    const user = { ...(example<Json>('issue').user as Json), login };
    const [plain] = example<Json[]>('issue-comment-items');
    const comment = { ...plain, id, body, user, html_url, created_at: at, updated_at: at, issue: number } as unknown as Comment;
    this.comments.push(comment);
    const issue = this.issues[number - 1] as Issue;
    issue.comments++;
    this.touch(issue);
    return comment;
  }

  // A minute ahead of everything before, and never before the tests began.
  #now(): string {
    return new Date(Date.now() + this.#tick++ * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers as Json, body: await text(request) };
    this.seen.push(seen);
    const interruption = this.interruptions.shift();
    if (interruption) return interruption(seen, response);
    const url = new URL(seen.url, this.url);
    const found = findOperation(seen.method, url.pathname);
    if (found === undefined) {
      this.faults.push(`${seen.method} ${seen.url} is no operation`);
      return send(response, 404, { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' });
    }
    this.#checkRequest(found, seen, url);
    const { status, body, headers } = this.#answer(found, url, seen.body === '' ? {} : (JSON.parse(seen.body) as Json));
    this.#checkAnswer(found, status, body);
    send(response, status, body, headers);
  }

  #checkRequest({ operation, path, method }: Found, { headers, body }: Seen, url: URL): void {
    const fault = (what: string) => this.faults.push(`${method} ${url.pathname}: ${what}`);
    if (headers['x-github-api-version'] !== '2022-11-28') fault('no version');
    if (!String(headers['user-agent']).startsWith('weir/')) fault('no user agent');
    const known = (operation.parameters ?? []).map((one, at) => {
      const name = one.$ref?.split('/').at(-1);
      const parameter = name === undefined ? one : (description.components.parameters[name] as Parameter);
      const place = name === undefined ? ['paths', path, method, 'parameters', String(at)] : ['components', 'parameters', name];
      return { ...parameter, schema: pointer(...place, 'schema') };
    });
    for (const [name, value] of url.searchParams) {
      const parameter = known.find((one) => one.in === 'query' && one.name === name);
      if (parameter === undefined) fault(`parameter ${name} is unknown`);
      else if (!ajv.validate({ $ref: parameter.schema }, value)) fault(`parameter ${name}: ${ajv.errorsText()}`);
    }
    if (operation.requestBody === undefined) return void (body !== '' && fault('a body'));
    const schema = { $ref: pointer('paths', path, method, 'requestBody', 'content', 'application/json', 'schema') };
    const value: unknown = JSON.parse(body);
    const copy = structuredClone(value);
    if (!ajv.validate(schema, copy)) fault(`body: ${ajv.errorsText()}`);
  }

  #checkAnswer({ operation, path, method }: Found, status: number, body: unknown): void {
    const answer = operation.responses[String(status)];
    if (answer === undefined) return void this.faults.push(`${method} ${path}: answers no ${status}`);
    if (status === 304) return;
    const place = answer.$ref ? answer.$ref.replace('#/', '').split('/') : ['paths', path, method, 'responses', String(status)];
    if (!ajv.validate({ $ref: pointer(...place, 'content', 'application/json', 'schema') }, structuredClone(body))) {
      this.faults.push(`${method} ${path} ${status}: ${ajv.errorsText()}`);
    }
  }

  #answer({ operation, parameters }: Found, url: URL, body: Json): Answer {
    const issue = this.issues[Number(parameters.issue_number) - 1];
    const missing = { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' } };
    switch (operation.operationId) {
      case 'repos/get':
        return { status: 200, body: repository(), headers: { etag: '"repository-1"' } };
      case 'users/get-by-username':
        return parameters.username === 'nobody' ? missing : { status: 200, body: example('public-user-default-response') };
      case 'activity/list-public-events':
      case 'activity/list-repo-events':
      case 'activity/list-public-events-for-user':
        return this.#page(this.events, url);
      case 'issues/list-for-repo': {
        const since = url.searchParams.get('since') ?? '';
        const state = url.searchParams.get('state') ?? 'open';
        return this.#page(
          this.issues.filter((one) => (state === 'all' || one.state === state) && one.updated_at >= since),
          url,
        );
      }
      case 'issues/get':
        return issue ? { status: 200, body: issue } : missing;
      case 'issues/create': {
        const { assignees = [], ...rest } = body as { assignees?: string[]; labels?: string[] };
        const refusal = this.#refuse(assignees);
        if (refusal) return refusal;
        return { status: 201, body: this.#write(this.open({}), { ...rest, assignees }) };
      }
      case 'issues/update': {
        if (!issue) return missing;
        const refusal = this.#refuse((body.assignees ?? []) as string[]);
        return refusal ?? { status: 200, body: this.touch(this.#write(issue, body)) };
      }
      case 'issues/list-comments':
        return this.#page(this.comments.filter((one) => `${one.issue}` === parameters.issue_number).map(shown), url);
      case 'issues/create-comment':
        return { status: 201, body: shown(this.say(Number(parameters.issue_number), String(body.body), 'weir-bot')) };
      default:
        throw new Error(`the test server does not answer ${operation.operationId}`);
    }
  }

  #refuse(assignees: string[]): Answer | undefined {
    if (assignees.every((login) => this.collaborators.has(login))) return undefined;
    const errors = [{ resource: 'Issue', field: 'assignees', code: 'invalid', value: assignees[0] }];
    return { status: 422, body: { message: 'Validation Failed', documentation_url: 'https://docs.github.com/rest', errors } };
  }

  #write(issue: Issue, { labels, assignees, ...rest }: Json): Issue {
    const [sample] = example<Issue>('issue').labels;
    Object.assign(issue, rest);
    if (labels) issue.labels = (labels as string[]).map((name) => ({ ...sample, name }));
    if (assignees) {
      const user = example<Issue>('issue').user as Json;
      issue.assignees = (assignees as string[]).map((login) => ({ ...user, login }));
      issue.assignee = (issue.assignees as Json[])[0] ?? null;
    }
    return issue;
  }

  #page(all: unknown[], url: URL): Answer {
    const perPage = Number(url.searchParams.get('per_page') ?? 30);
    const page = Number(url.searchParams.get('page') ?? 1);
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    const link = page * perPage < all.length ? { link: `<${next}>; rel="next", <${url.origin}${url.pathname}>; rel="first"` } : {};
    return { status: 200, body: all.slice((page - 1) * perPage, page * perPage), headers: link };
  }
}

type Found = { path: string; method: string; operation: Operation; parameters: Record<string, string> };
type Answer = { status: number; body: unknown; headers?: Record<string, string> };

/** The example lacks what the schema demands of it and of the repositories inside. */
function repository(): Json {
  const whole = example('full-repository-default-response');
  for (const one of [whole, whole.parent, whole.source, whole.template_repository]) Object.assign(one ?? {}, { language: 'TypeScript' });
  return whole;
}

const shown = ({ issue: _, ...comment }: Comment): Json => comment;

function findOperation(method: string, pathname: string): Found | undefined {
  for (const [path, item] of Object.entries(description.paths)) {
    const operation = item[method.toLowerCase()];
    const pattern = new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const parameters = pattern.exec(pathname);
    if (operation && parameters) return { path, method: method.toLowerCase(), operation, parameters: { ...parameters.groups } };
  }
  return undefined;
}

/** Sends JSON. */
export function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(status === 304 ? undefined : JSON.stringify(body));
}
