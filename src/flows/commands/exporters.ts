import type { Command } from 'commander';
import { Client } from '../../cli/client.ts';
import { type GlobalOptions, withExamples } from '../../cli/command.ts';
import { formatBytes, formatCount } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';
import type { TableColumn } from '../../cli/table.ts';
import type { DomainState, ExporterState, TemplateState } from '../exporters/exporter-state.ts';
import type { ListenerFacts } from '../exporters/exporters.ts';

/** Adds `weir exporters`: a server collects, so these commands ask one. */
export function addExporters(program: Command): void {
  const exporters = program.command('exporters').description('see who sends flow exports, and what of them is missing');
  withExamples(exporters, 'weir exporters list', 'weir exporters show 192.0.2.1', 'weir exporters listeners');
  withExamples(
    exporters.command('list').description('list exporters: protocols, rates, gaps').action(list),
    'weir exporters list',
    'weir exporters list --json',
  );
  withExamples(
    exporters
      .command('show')
      .argument('<exporter>', 'its name, as the list has it')
      .description('show one exporter: domains, sampling, templates')
      .action(show),
    'weir exporters show 192.0.2.1',
  );
  withExamples(
    exporters.command('listeners').description('list the addresses listened on: buffers and dropped datagrams').action(listeners),
    'weir exporters listeners',
  );
}

const path = '/api/v1/exporters';
const pageSize = 1000;

const clientOf = (command: Command): Client => new Client(command.optsWithGlobals<GlobalOptions>().server);

type Listed = { items: ExporterState[]; listeners: ListenerFacts[] };

const exporterColumns: TableColumn<ExporterState>[] = [
  { title: 'exporter', show: ({ name }) => name },
  { title: 'protocols', show: ({ protocols }) => protocols.join(' ') },
  { title: 'datagrams', align: 'right', show: (row) => formatCount(row.datagrams) },
  { title: 'flows', align: 'right', show: (row) => formatCount(row.flows) },
  { title: 'flows/s', align: 'right', show: (row) => formatCount(Math.round(row.flows_per_s)) },
  { title: 'lost', align: 'right', show: (row) => formatCount(row.lost) },
  { title: 'late', align: 'right', show: (row) => formatCount(row.late) },
  { title: 'templates', align: 'right', show: (row) => formatCount(Number(row.templates)) },
  {
    title: 'faults',
    show: ({ faults }) =>
      Object.entries(faults)
        .map(([reason, times]) => `${reason} ${times}`)
        .join(' '),
  },
  { title: 'last seen', show: ({ last_seen: seen }) => seen ?? 'before the start' },
];

async function list(_options: object, command: Command): Promise<void> {
  const client = clientOf(command);
  const items: ExporterState[] = [];
  for (let page = 1; ; page++) {
    const answer = await client.json<Listed>({ path, query: { page, per_page: pageSize } });
    items.push(...answer.items);
    if (answer.items.length < pageSize) break;
  }
  client.close();
  openOutput(command).rows(items, exporterColumns, [
    'name',
    'protocols',
    'datagrams',
    'flows',
    'flows_per_s',
    'lost',
    'gaps',
    'late',
    'last_seen',
  ]);
}

type TemplateRow = TemplateState & Pick<DomainState, 'protocol' | 'domain'>;

const templateColumns: TableColumn<TemplateRow>[] = [
  { title: 'protocol', show: ({ protocol }) => protocol },
  { title: 'domain', align: 'right', show: ({ domain }) => String(domain) },
  { title: 'template', align: 'right', show: ({ id }) => String(id) },
  { title: 'kind', show: ({ kind, stale }) => (stale ? `${kind}, stale` : kind) },
  { title: 'fields', show: ({ fields }) => fields.join(' ') },
];

async function show(name: string, _options: object, command: Command): Promise<void> {
  const client = clientOf(command);
  const state = await client.json<ExporterState>({ path: `${path}/${encodeURIComponent(name)}` });
  client.close();
  const output = openOutput(command);
  if (output.form !== 'table') return output.record(state);
  output.record(state, () => showExporter(state));
  const rows = state.domains.flatMap(({ protocol, domain, templates }) => templates.map((template) => ({ ...template, protocol, domain })));
  if (rows.length === 0) return;
  output.line('');
  output.rows(rows, templateColumns, []);
}

const showExporter = (state: ExporterState): [string, string][] => [
  ['exporter', state.name],
  ['protocols', state.protocols.join(' ')],
  ['first seen', state.first_seen ?? 'before the start'],
  ['last seen', state.last_seen ?? 'before the start'],
  ['datagrams', `${formatCount(state.datagrams)} (${formatBytes(state.bytes)})`],
  ['flows', `${formatCount(state.flows)}, ${formatCount(Math.round(state.flows_per_s))}/s`],
  ['missing', `${formatCount(state.lost)} in ${formatCount(state.gaps)} gaps; ${formatCount(state.reordered)} reordered`],
  ['restarts', formatCount(state.restarts)],
  [
    'no template',
    `${formatCount(state.waiting)} sets wait, ${formatCount(state.late)} flows came late, ${formatCount(state.expired)} sets given up`,
  ],
  ['no flows', `${formatCount(state.options)} options, ${formatCount(state.events)} events`],
  ...state.domains.map((domain): [string, string] => [`sampling of ${domain.domain}`, showSampling(domain)]),
];

const showSampling = ({ sampling, samplers }: DomainState): string => {
  const own = sampling === null ? [] : [`1 in ${sampling}`];
  return [...own, ...samplers.slice(0, 10).map(({ id, rate }) => `sampler ${id}: 1 in ${rate}`)].join(', ') || 'not told';
};

const listenerColumns: TableColumn<ListenerFacts>[] = [
  { title: 'listener', show: ({ transport, host, port }) => `${transport}://${host.includes(':') ? `[${host}]` : host}:${port}` },
  { title: 'sockets', align: 'right', show: ({ sockets }) => String(sockets) },
  { title: 'buffer', align: 'right', show: ({ buffer }) => (buffer === null ? '' : formatBytes(buffer)) },
  { title: 'wanted', align: 'right', show: ({ buffer_wanted: wanted }) => (wanted === null ? '' : formatBytes(wanted)) },
  { title: 'datagrams', align: 'right', show: ({ datagrams }) => formatCount(datagrams) },
  { title: 'dropped', align: 'right', show: ({ kernel_drops: drops }) => (drops === null ? '' : formatCount(drops)) },
  { title: 'refused', align: 'right', show: ({ refused }) => formatCount(refused) },
];

async function listeners(_options: object, command: Command): Promise<void> {
  const client = clientOf(command);
  const answer = await client.json<Listed>({ path, query: { per_page: 1 } });
  client.close();
  openOutput(command).rows(answer.listeners, listenerColumns, Object.keys(answer.listeners[0] ?? {}));
}
