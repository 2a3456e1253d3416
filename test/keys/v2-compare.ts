/** Runs steps on servers side by side and tells where they differ. */
import { type RawAnswer, RawClient, rawRequest } from './raw-client.ts';
import type { Step } from './v2-steps/step.ts';

export type Difference = { by: string; step: string; expected: string; got: string };

/** How long to look that nothing follows. What must come is waited for as long as the test may last. */
const lookMs = 60;

/** What each side answered: its head in a few lines, then the body. */
type Shown = string;

const told = ['content-type', 'x-etcd-index', 'allow', 'location', 'x-content-type-options', 'transfer-encoding', 'connection'];
const named = ['x-etcd-cluster-id', 'x-raft-index', 'x-raft-term'];
const cors = ['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers'];

/** A watch, and how many events it has told. */
type Watch = { client: RawClient; isStream: boolean; events: number };

/** One of the servers, with its connections. */
class Side {
  readonly #port: number;
  readonly #client: RawClient;
  readonly #watches = new Map<string, Watch>();
  index = 0;
  #counts: Record<string, number> = {};

  constructor(port: number) {
    this.#port = port;
    this.#client = new RawClient(port);
  }

  async run(step: Step, index: number): Promise<Shown> {
    switch (step.kind) {
      case 'ask': {
        const answer = await this.#client.ask(this.#fill(step.raw, index));
        this.index = Math.max(this.index, Number(answer.headers.get('x-etcd-index') ?? 0));
        return show(answer, step.isLoose === true);
      }
      case 'watch': {
        const client = new RawClient(this.#port);
        this.#watches.set(step.name, { client, isStream: step.raw.includes('stream=true'), events: 0 });
        await client.send(this.#fill(step.raw, index));
        return showHead(await client.head());
      }
      case 'seen':
        return await this.#seen(step.name, step.events);
      case 'count':
        return this.#count(await this.#client.ask(rawRequest('GET', '/v2/stats/store')));
    }
  }

  /** The chunks that came, and what follows them: the end of a watch for one event, and nothing on others. */
  async #seen(name: string, events: number): Promise<Shown> {
    const watch = this.#watches.get(name) as Watch;
    let shown = '';
    for (let event = 0; event < events; event++) shown += await watch.client.chunk();
    watch.events += events;
    const next = await watch.client.chunk(!watch.isStream && watch.events > 0 ? undefined : lookMs);
    return normal(shown) + (next === undefined ? '(open)' : next === '' ? '(ended)' : normal(next));
  }

  #fill(raw: string, index: number): string {
    return fill(raw, index).replace('Host: localhost', `Host: 127.0.0.1:${this.#port}`);
  }

  #count({ body }: RawAnswer): Shown {
    const counts = JSON.parse(body) as Record<string, number>;
    const since = Object.entries(counts).map(([name, count]) => [name, count - (this.#counts[name] ?? Number.NaN)] as const);
    this.#counts = counts;
    // etcd looks for its own settings all the time, and counts that; the first answer has what the start has counted.
    return since.map(([name, count]) => `${name} ${name === 'getsFail' || (name === 'getsSuccess' && count > 9) ? '' : count}`).join('\n');
  }

  close(): void {
    for (const client of [this.#client, ...[...this.#watches.values()].map((watch) => watch.client)]) client.close();
  }
}

const rootOf: Step = { kind: 'ask', raw: 'GET /v2/keys HTTP/1.1\r\nHost: localhost\r\n\r\n', isLoose: true };

/** Runs all steps on a reference and on each candidate, known by its name, at once: times to live are then the same. */
export async function compare(
  steps: readonly Step[],
  reference: number,
  candidates: Readonly<Record<string, number>>,
): Promise<Difference[]> {
  const names = Object.keys(candidates);
  const [left, ...others] = [reference, ...Object.values(candidates)].map((port) => new Side(port)) as [Side, ...Side[]];
  const differences: Difference[] = [];
  try {
    await Promise.all([left, ...others].map((side) => side.run(rootOf, 0)));
    for (const [at, { index }] of others.entries())
      if (index !== left.index) throw new Error(`the indexes differ from the start: ${left.index}, and ${index} of ${names[at]}`);
    for (const step of steps) {
      const index = left.index;
      const [expected = '', ...answers] = await Promise.all([left, ...others].map((side) => side.run(step, index).catch(String)));
      for (const [at, got] of answers.entries())
        if (got !== expected) differences.push({ by: names[at] ?? '', step: describe(step, index), expected, got });
    }
  } finally {
    for (const side of [left, ...others]) side.close();
  }
  return differences;
}

const fill = (raw: string, index: number): string => {
  const filled = raw.replace(/\{i([+-]\d+)?\}/g, (_all, offset: string | undefined) => String(index + Number(offset ?? 0)));
  const end = filled.indexOf('\r\n\r\n') + 4;
  return filled.replace(/Content-Length: \d+/, `Content-Length: ${filled.length - end}`);
};

function describe(step: Step, index: number): string {
  if (step.kind === 'count') return 'count';
  if (step.kind === 'seen') return `seen ${step.name}`;
  const raw = fill(step.raw, index);
  return `${step.kind} ${JSON.stringify(raw.length > 400 ? `${raw.slice(0, 400)}…` : raw)}`;
}

function show(answer: RawAnswer, isLoose: boolean): Shown {
  const { headers, body } = answer;
  // Moments differ in length, and so do ids, which have no zeros in front.
  const isVaried = isLoose || /"(expiration|leader|id)":/.test(body);
  const length = isVaried ? '' : `\ncontent-length: ${headers.get('content-length') ?? ''}`;
  // Large answers are chunked by one and not by the other; both are told by the body.
  const large = headers.get('transfer-encoding') === undefined && body.length < 1500 ? length : '';
  return `${showHead(answer)}${large}\n\n${isLoose ? loose(body) : normal(body)}`;
}

function showHead({ status, headers }: Pick<RawAnswer, 'status' | 'headers'>): Shown {
  const lines = [...told, ...cors]
    .filter((name) => !(name === 'connection' && headers.get(name) !== 'close'))
    .map((name) => `${name}: ${headers.get(name) ?? ''}`);
  const present = named.filter((name) => /^[0-9a-f]+$/.test(headers.get(name) ?? ''));
  return [status, ...lines.filter((line) => !line.startsWith('transfer-encoding')), `present: ${present.join(' ')}`].join('\n');
}

/** Without what differs by a moment or by a name. */
function normal(body: string): string {
  return body
    .replace(/"expiration":"([^"]+)"/g, (_all, moment: string) => `"expiration":${Number.isNaN(Date.parse(moment)) ? moment : 'T'}`)
    .replace(/"ttl":(-?\d+)/g, (_all, seconds: string) => `"ttl":${begunWith(Number(seconds))}`)
    .replace(/"(leader|id)":"[0-9a-f]+"/g, '"$1":"ID"')
    .replace(/"getsFail":\d+/, '"getsFail":N');
}

/** Times to live begin with whole hundreds or tens and fall while the test runs, not at the same moment everywhere. Short ones are told as they are. */
const begunWith = (seconds: number): number => {
  const unit = seconds > 100 ? 100 : seconds > 5 ? 10 : 1;
  return Math.ceil(seconds / unit) * unit;
};

function loose(body: string): string {
  if (body === '') return '';
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sorted(one)]))
      : value;
  };
  return normal(JSON.stringify(sorted(JSON.parse(body))));
}
