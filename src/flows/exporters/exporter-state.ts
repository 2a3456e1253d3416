/** What is told of exporters: the JSON of `/api/v1/exporters`, made where they are known. */
import type { Decoder } from './decoder.ts';
import type { Domain, DomainCounters } from './domain.ts';
import { type Exporter, protocolWords } from './exporter.ts';
import { scopeEnterprise } from './template-sets.ts';

type Counts = {
  flows: number;
  flows_per_s: number;
  options: number;
  events: number;
  lost: number;
  gaps: number;
  reordered: number;
  restarts: number;
  late: number;
  expired: number;
  waiting: number;
};

export type TemplateState = {
  id: number;
  kind: string;
  /** ENTERPRISE/ELEMENT:LENGTH, in order; `v` for a variable length. */
  fields: string[];
  stale: boolean;
  seen_at: string | null;
};

export type DomainState = Counts & {
  protocol: string;
  domain: number;
  datagrams: number;
  sampling: number | null;
  samplers: { id: number; rate: number }[];
  templates: TemplateState[];
};

export type ExporterState = Counts & {
  name: string;
  protocols: string[];
  first_seen: string | null;
  last_seen: string | null;
  datagrams: number;
  bytes: number;
  faults: Record<string, number>;
  templates: number;
  domains: DomainState[];
};

const moment = (ms: number): string | null => (ms > 0 ? new Date(ms).toISOString() : null);

const countsOf = (domains: readonly Domain[]): Counts => {
  const sum = (read: (counters: DomainCounters) => number): number => domains.reduce((total, { counters }) => total + read(counters), 0);
  return {
    flows: sum((c) => c.flows),
    flows_per_s: Math.round(domains.reduce((total, { flowRate }) => total + flowRate, 0) * 10) / 10,
    options: sum((c) => c.options),
    events: sum((c) => c.events),
    lost: sum((c) => c.lost),
    gaps: sum((c) => c.gaps),
    reordered: sum((c) => c.reordered),
    restarts: sum((c) => c.restarts),
    late: sum((c) => c.late),
    expired: sum((c) => c.expired),
    waiting: domains.reduce((total, { waiting }) => total + waiting.length, 0),
  };
};

/** Scopes of v9 are of no registry of elements. */
const vendorOf = (enterprise: number): string => (enterprise === 0 ? '' : enterprise === scopeEnterprise ? 'scope/' : `${enterprise}/`);

const domainState = (domain: Domain): DomainState => ({
  protocol: protocolWords[domain.version] as string,
  domain: domain.id,
  datagrams: domain.counters.datagrams,
  ...countsOf([domain]),
  sampling: domain.rate || null,
  samplers: [...domain.samplers].map(([id, rate]) => ({ id, rate })),
  templates: [...domain.templates.values()]
    .map(({ plan: { template, kind }, seenMs, isStale }) => ({
      id: template.id,
      kind,
      fields: template.fields.map(({ id, enterprise, length }) => `${vendorOf(enterprise)}${id}:${length === 65_535 ? 'v' : length}`),
      stale: isStale,
      seen_at: moment(seenMs),
    }))
    .sort((a, b) => a.id - b.id),
});

/** One exporter as it is at this moment. */
const exporterState = (exporter: Exporter): ExporterState => {
  const domains = [...exporter.domains.values()];
  return {
    name: exporter.name,
    protocols: [...new Set(domains.map(({ version }) => protocolWords[version] as string))],
    first_seen: moment(exporter.firstMs),
    last_seen: moment(exporter.lastMs),
    datagrams: exporter.datagrams,
    bytes: exporter.octets,
    ...countsOf(domains),
    faults: { ...exporter.faults } as Record<string, number>,
    templates: domains.reduce((sum, { templates }) => sum + templates.size, 0),
    domains: domains.map(domainState),
  };
};

/** All exporters, in order of their names. */
export const exporterStates = ({ exporters }: Decoder): ExporterState[] =>
  [...exporters.values()].map(exporterState).sort((a, b) => (a.name < b.name ? -1 : 1));
