/** The shapes of the scans over HTTP, and how a scan is shown. */
import { Type } from 'typebox';
import { type Caller, isEnough } from '../core/caller.ts';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery, pageSchemaOf } from '../core/paging.ts';
import { Problem } from '../core/problem.ts';
import { base, hrefOf, scheduleHref } from './hrefs.ts';
import { methods } from './plan.ts';
import { isOver, type Scan, scanStates, secondsLeft } from './scan.ts';
import type { Schedule } from './schedule.ts';
import { portStates } from './state.ts';

export const scanParameter = Type.Object({ id: Type.String({ maxLength: 16, pattern: '^[0-9]+$' }) });
export const scheduleParameter = Type.Object({ id: Type.String({ maxLength: 32 }) });

const count = Type.Integer({ minimum: 0 });
const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description });
const words = (all: readonly string[], description: string) => Type.Unsafe<string>({ type: 'string', enum: [...all], description });

const requestMembers = {
  targets: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
    minItems: 1,
    maxItems: 4096,
    description: 'Addresses, networks (10.0.0.0/24), ranges (10.0.0.1-20) and names.',
  }),
  ports: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 8192,
      description: '22,80,1000-2000,https; `-` for all, top:100 for the most usual (default).',
    }),
  ),
  exclude_ports: Type.Optional(Type.String({ maxLength: 8192, description: 'Ports to leave out, in the same words.' })),
  method: Type.Optional(words(methods, '`connect` by connections (default); `syn`, `fin` and `discover` by nmap, as root.')),
  rate: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: 'New probes a second; off loopback `scans.rate` at most.' }),
  ),
  concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000, description: 'Connections at once (256).' })),
  retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 10, description: 'How often a silent port is tried again (2).' })),
  assume_up: Type.Optional(Type.Boolean({ description: 'Ask all hosts of ranges, also those that nothing shows to be up.' })),
  authorised: Type.Optional(Type.Boolean({ description: 'I may scan these targets: needed outside of private networks.' })),
  name: Type.Optional(Type.String({ maxLength: 200, description: 'A name for people.' })),
};

const example = { targets: ['127.0.0.1'], ports: '22,80,443', method: 'connect' };

/** What is asked for. */
export const requestSchema = Type.Object(requestMembers, { additionalProperties: false, examples: [example] });

/** What is asked for again and again. */
export const scheduleRequestSchema = Type.Object(
  {
    ...requestMembers,
    every: Type.String({ maxLength: 16, description: 'The time between two starts: 30m, 6h, 1d.' }),
    ticket: Type.Optional(Type.Boolean({ description: 'Open a ticket when a port is open that was not the time before (true).' })),
  },
  { additionalProperties: false, examples: [{ ...example, every: '1d' }] },
);

const progressSchema = Type.Object({ done: count, total: count, open: count });

/** A scan as the API shows it. Moments are ISO 8601. */
export const scanSchema = Type.Object({
  id: Type.Integer(),
  state: words(scanStates, 'How far it is.'),
  reason: Type.Optional(Type.String({ description: 'Why it ended as it did.' })),
  name: Type.Optional(Type.String()),
  targets: Type.Array(Type.String()),
  port_list: Type.Optional(Type.String()),
  method: words(methods, 'The way that was asked for.'),
  engine: Type.Optional(
    Type.Object({ name: Type.String(), version: Type.String(), arguments: Type.Array(Type.String()) }, { description: 'What scanned.' }),
  ),
  user: Type.String(),
  made: Type.String(),
  started: Type.Optional(Type.String()),
  ended: Type.Optional(Type.String()),
  seconds: Type.Optional(Type.Number()),
  seconds_left: Type.Optional(Type.Integer({ description: 'As far as its pace so far tells.' })),
  addresses: count,
  ports: Type.Integer({ description: 'Ports asked of each.' }),
  seed: Type.Integer({ description: 'What the order of ports follows from.' }),
  progress: progressSchema,
  hosts: counts('Hosts by their status.'),
  states: counts('Ports by their state.'),
  schedule: Type.Optional(Type.String()),
  links: linksSchema,
});
export type ShownScan = Type.Static<typeof scanSchema>;

export const scansQuery = Type.Object(
  { ...pageQuery, state: Type.Optional(words(scanStates, 'Only these.')), mine: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);
export const scansSchema = pageSchemaOf(scanSchema);

export const portsQuery = Type.Object(
  {
    page: pageQuery.page,
    per_page: pageQuery.per_page,
    state: Type.Optional(
      Type.String({
        maxLength: 100,
        description: `Only these states, separated by commas: ${portStates.join(', ')}; \`all\`. Default: open.`,
      }),
    ),
    address: Type.Optional(Type.String({ maxLength: 80, description: 'Only this host.' })),
  },
  { additionalProperties: false },
);
const portSchema = Type.Object({
  address: Type.String(),
  name: Type.Optional(Type.String()),
  port: Type.Integer(),
  state: Type.String(),
  reason: Type.String(),
  service: Type.String({ description: 'The usual name of the port: a guess from its number.' }),
});
export const portsSchema = pageSchemaOf(portSchema);

export const pagesQuery = Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page }, { additionalProperties: false });
const hostSchema = Type.Object({
  address: Type.String(),
  name: Type.Optional(Type.String()),
  status: words(['up', 'down', 'no-answer', 'error'], '`no-answer` is not `down`.'),
  reason: Type.String({ description: 'How it was judged so.' }),
  rtt_ms: Type.Optional(Type.Number()),
  mac: Type.Optional(Type.String()),
  vendor: Type.Optional(Type.String()),
  missing: Type.Optional(Type.Integer({ description: 'Ports that were not reached before the end.' })),
  remark: Type.Optional(Type.String()),
  groups: Type.Array(Type.Object({ state: Type.String(), reason: Type.String(), count, ports: Type.String() })),
});
export const hostsSchema = pageSchemaOf(hostSchema);

export const changesQuery = Type.Object(
  {
    ...pagesQuery.properties,
    since: Type.String({ maxLength: 16, pattern: '^[0-9]+$', description: 'The id of the earlier scan.' }),
  },
  { additionalProperties: false },
);
const changeSchema = Type.Object({
  change: words(['opened', 'closed', 'changed'], 'What happened to the port.'),
  address: Type.String(),
  port: Type.Integer(),
  service: Type.String(),
  before: Type.String(),
  after: Type.String(),
});
export const changesSchema = pageSchemaOf(changeSchema);

export const scheduleSchema = Type.Object({
  id: Type.String(),
  every_seconds: Type.Number(),
  targets: Type.Array(Type.String()),
  port_list: Type.Optional(Type.String()),
  method: Type.Optional(Type.String()),
  ticket: Type.Boolean(),
  user: Type.String(),
  made: Type.String(),
  next: Type.String(),
  last: Type.Optional(Type.Integer({ description: 'Its latest scan.' })),
  links: linksSchema,
});
export type ShownSchedule = Type.Static<typeof scheduleSchema>;
export const schedulesSchema = pageSchemaOf(scheduleSchema);

const moment = (ms: number): string => new Date(ms).toISOString();

/** The number of an id in a path; throws `invalid`. */
export function readId(text: string): number {
  const id = Number(text);
  if (Number.isSafeInteger(id)) return id;
  throw new Problem('invalid', 'That is no id of a scan.', { pointer: 'id' });
}

/** A scan, with what the caller can do next. */
export function showScan(scan: Scan, now: number, caller: Caller): ShownScan {
  const { id, state, reason, request, method, engine, user, made, started, ended, addresses, ports, seed, progress, hosts, states } = scan;
  const left = secondsLeft(scan, now);
  return {
    id,
    state,
    ...(reason !== undefined && { reason }),
    ...(request.name !== undefined && { name: request.name }),
    targets: request.targets,
    ...(request.ports !== undefined && { port_list: request.ports }),
    method,
    ...(engine !== undefined && { engine }),
    user,
    made: moment(made),
    ...(started !== undefined && { started: moment(started), seconds: ((ended ?? now) - started) / 1000 }),
    ...(ended !== undefined && { ended: moment(ended) }),
    ...(left !== undefined && { seconds_left: left }),
    addresses,
    ports,
    seed,
    progress,
    hosts,
    states,
    ...(scan.schedule !== undefined && { schedule: scan.schedule }),
    links: linksOf(scan, caller),
  };
}

function linksOf(scan: Scan, { role }: Caller): Links {
  const self = hrefOf(scan.id);
  const mayAct = isEnough(role, 'operator');
  return {
    self: { href: self },
    collection: { href: base },
    results: { href: `${self}/results`, title: 'Its open ports' },
    hosts: { href: `${self}/hosts`, title: 'Its hosts, with their ports in groups' },
    events: { href: `${self}/events`, title: 'How far it is, as server-sent events' },
    ...(scan.schedule !== undefined && { schedule: { href: scheduleHref(scan.schedule) } }),
    ...(mayAct && !isOver(scan) && { cancel: { href: `${self}/cancel`, method: 'POST', title: 'End it with what it has' } }),
    ...(mayAct && isOver(scan) && { forget: { href: self, method: 'DELETE', title: 'Forget it' } }),
  };
}

/** A schedule, with what can be done next. */
export function showSchedule({ id, everyMs, request, ticket, user, made, next, last }: Schedule): ShownSchedule {
  return {
    id,
    every_seconds: everyMs / 1000,
    targets: request.targets,
    ...(request.ports !== undefined && { port_list: request.ports }),
    ...(request.method !== undefined && { method: request.method }),
    ticket,
    user,
    made: moment(made),
    next: moment(next),
    ...(last !== undefined && { last }),
    links: {
      self: { href: scheduleHref(id) },
      collection: { href: `${base}/schedules` },
      ...(last !== undefined && { last: { href: hrefOf(last) } }),
      remove: { href: scheduleHref(id), method: 'DELETE', title: 'Repeat it no more' },
    },
  };
}
